"""What kind of task an instruction is, and examples of it: the second half of a round of Self-Instruct.

Wang et al. 2022, Self-Instruct (arXiv 2212.10560), sections 2.2: whether a task is classification is asked
first, since a model that writes inputs first writes nearly all of them for one label. For classification the
label comes first, otherwise the input. Both are asked at temperature 0.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import pandas as pd

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.synthesis.asking import NO_REPLY, Reply, Writer
from instruction_tuning.synthesis.demonstrations import with_examples, with_kinds
from instruction_tuning.synthesis.instances import read_instances
from instruction_tuning.synthesis.written_rows import Written

WriterKind = Literal["chat", "plain"]
_KIND = re.compile(r"\W*(?:(yes|是)|(no|不是|否|非))(?![a-z])", re.IGNORECASE)
_KIND_TOKENS = 8
_SHOWN_OF_A_KIND = 4


def placed(
    written: Iterable[Written], seeds: pd.DataFrame, writer: Writer, kind: WriterKind
) -> list[Written]:
    """The same with `is_classification`; out where the model does not say."""
    listed = list(written)
    prompt = read_prompt("task_kind" if kind == "chat" else "plain_task_kind")
    contents = {}
    for row in listed:
        if row.is_open and row.instruction is not None:
            values = {"instruction": row.instruction}
            if kind == "plain":
                values["examples"] = with_kinds(_shown(seeds, row, writer, None))
            contents[row.task_id] = prompt.fill(values)
    replies = writer.ask("task_kind", contents, max_tokens=_KIND_TOKENS, temperature=0.0)
    said = {key: _KIND.match(reply.text or "") for key, reply in replies.items()}
    unread = [key for key, found in said.items() if found is None]
    writer.refuse_unreadable(replies, unread, "Yes or No")
    rows = []
    for row in listed:
        if row.task_id not in contents:
            rows.append(row)
        elif found := said[row.task_id]:
            # The id stays that of the instruction, which nothing was added to.
            rows.append(replace(row, is_classification=found[1] is not None))
        else:
            reply = replies[row.task_id]
            reason = NO_REPLY if reply.text is None else "kind_unreadable"
            rows.append(row.dropped(reason, reply.error or reply.text))
    return rows


def exemplified(
    written: Iterable[Written],
    seeds: pd.DataFrame,
    writer: Writer,
    kind: WriterKind,
    *,
    most: int,
    max_tokens: int,
) -> list[Written]:
    """A row an example in place of each instruction that is still open."""
    listed = list(written)
    contents = {row.task_id: _example_prompt(row, seeds, writer, kind, most) for row in listed if row.is_open}
    replies = writer.ask("instances", contents, max_tokens=max_tokens, temperature=0.0)
    read = {
        row.task_id: _examples_of(row, replies[row.task_id], kind, most)
        for row in listed
        if row.task_id in contents
    }
    unread = [key for key, rows in read.items() if rows[0].drop_reason == "no_example"]
    writer.refuse_unreadable(replies, unread, "example of the task")
    return [given for row in listed for given in read.get(row.task_id, [row])]


def _example_prompt(row: Written, seeds: pd.DataFrame, writer: Writer, kind: WriterKind, most: int) -> str:
    name = "label_first" if row.is_classification else "input_first"
    values = {"instruction": str(row.instruction)}
    if kind == "chat":
        return read_prompt(name).fill(values | {"count": str(most)})
    shown = _shown(seeds, row, writer, row.is_classification)
    values["examples"] = with_examples(shown, label_first=bool(row.is_classification))
    return read_prompt(f"plain_{name}").fill(values)


def _examples_of(row: Written, reply: Reply, kind: WriterKind, most: int) -> list[Written]:
    if reply.text is None:
        return [row.dropped(NO_REPLY, reply.error)]
    opened = ("Class label:" if row.is_classification else "Example 1\n") if kind == "plain" else ""
    instances = read_instances(
        opened + reply.text,
        label_first=bool(row.is_classification),
        is_cut_off=reply.is_cut_off,
        most=most,
    )
    if not instances:
        return [row.dropped("no_example", reply.text)]
    return [
        replace(
            row,
            example=place,
            input=instance.input,
            output=instance.output,
            drop_reason=instance.drop_reason,
        )
        for place, instance in enumerate(instances)
    ]


def _shown(seeds: pd.DataFrame, row: Written, writer: Writer, is_classification: bool | None) -> pd.DataFrame:
    """Seeds in the row's language for a plain model: of one kind, or (null) as many of either."""
    own = seeds[seeds["language"] == row.language].sort_values("record_id")
    rng = substream(writer.seed, "shown", row.task_id)
    drawn = []
    for is_label in (True, False) if is_classification is None else (is_classification,):
        of_kind = own[own["is_classification"] == is_label]
        drawn.append(of_kind.iloc[rng.sample(range(len(of_kind)), min(_SHOWN_OF_A_KIND, len(of_kind)))])
    return pd.concat(drawn)
