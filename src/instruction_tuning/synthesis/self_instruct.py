"""Self-Instruct: new tasks from a few that are shown, each sorted by kind and then given examples.

Wang et al. 2022, Self-Instruct (arXiv 2212.10560). One round of

    write      shots tasks in the prompt (machine_shots of them written before), a numbered list in the reply
    filter     instruction_filters.py, then ROUGE-L novelty against seeds and pool (novelty_filter.py)
    place      is it classification? yes or no
    exemplify  label first for classification, input first otherwise; instances.py

Requests are as many as the target still needs at `tasks_per_request` each, at most `requests_per_round`.
A chat model gets the prompts `new_tasks`, `task_kind`, `input_first`, `label_first`. A plain base model goes
on with a text (`plain_...`, which show seeds with their kinds and examples); that text is sent as the one
user message, for a server whose chat template is that message and nothing else.
Departures: a language is written by itself; kind and examples are asked of a chat model without examples of
these; one example at least makes a task; no top_p, presence penalty or stop words are sent, for which the
filters and the order of the numbers stand.
"""

from dataclasses import replace

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.synthesis.asking import LANGUAGE_NAMES, NO_REPLY, Reply, Writer
from instruction_tuning.synthesis.demonstrations import draw_tasks, numbered
from instruction_tuning.synthesis.exemplifying import WriterKind, exemplified, placed
from instruction_tuning.synthesis.instruction_filters import InstructionFilters, filtered_instruction
from instruction_tuning.synthesis.novelty_filter import known_instructions, only_new
from instruction_tuning.synthesis.numbered_items import numbered_items
from instruction_tuning.synthesis.written_rows import KEPT, SEED, Written

METHOD = "self_instruct"


class SelfInstructParameters(BaseModel):
    """`target`: instructions to end with, seeds not counted; 8, 2, 8 and 5 as published (16 ends a list)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: int = Field(ge=1)
    shots: int = Field(ge=2, le=50)
    machine_shots: int = Field(ge=0, le=50)
    tasks_per_request: int = Field(ge=1, le=50)
    requests_per_round: int = Field(ge=1)
    max_tokens: int = Field(gt=0)
    max_instances: int = Field(ge=1, le=50)
    instance_max_tokens: int = Field(gt=0)


def write_round(
    rows: pd.DataFrame,
    writer: Writer,
    settings: SelfInstructParameters,
    filters: InstructionFilters,
    *,
    number: int,
    languages: tuple[str, ...],
    kind: WriterKind,
) -> list[Written]:
    """What round `number` writes on top of `rows` (seeds and earlier rounds), kept and dropped."""
    made = rows[(rows["method"] == METHOD) & (rows["status"] == KEPT)]["instruction"].nunique()
    needed = settings.target - made
    if needed <= 0:
        return []
    written = _new_tasks(rows, writer, settings, number=number, languages=languages, kind=kind, needed=needed)
    filtered = [filtered_instruction(row, filters) for row in written]
    new = only_new(filtered, known_instructions(rows), max_rouge_l=filters.max_rouge_l, most=needed)
    seeds = rows[rows["method"] == SEED]
    return exemplified(
        placed(new, seeds, writer, kind),
        seeds,
        writer,
        kind,
        most=settings.max_instances,
        max_tokens=settings.instance_max_tokens,
    )


def _new_tasks(
    rows: pd.DataFrame,
    writer: Writer,
    settings: SelfInstructParameters,
    *,
    number: int,
    languages: tuple[str, ...],
    kind: WriterKind,
    needed: int,
) -> list[Written]:
    prompt = read_prompt("new_tasks" if kind == "chat" else "plain_new_tasks")
    count = min(settings.requests_per_round, -(-needed // settings.tasks_per_request))
    contents, origins = {}, {}
    for place in range(count):
        language = languages[place % len(languages)]
        key = f"{METHOD}-{number}-{language}-{place}"
        rng = substream(writer.seed, METHOD, number, place)
        shown = draw_tasks(
            rows,
            language,
            rng,
            shots=settings.shots,
            machine_shots=min(settings.machine_shots, settings.shots),
        )
        values = {"examples": numbered(shown["instruction"]), "first": str(settings.shots + 1)}
        if kind == "chat":
            values |= {"count": str(settings.tasks_per_request), "language": LANGUAGE_NAMES[language]}
        contents[key] = prompt.fill(values)
        origins[key] = Written(
            place=key,
            parent_ids=tuple(shown["record_id"]),
            method=METHOD,
            round=number,
            language=language,
            prompt_digest=prompt.digest,
        )
    return _read(contents, origins, writer, settings, None if kind == "chat" else settings.shots + 1)


def _read(
    contents: dict[str, str],
    origins: dict[str, Written],
    writer: Writer,
    settings: SelfInstructParameters,
    continued_from: int | None,
) -> list[Written]:
    """A row an item of the replies to `contents`."""
    replies = writer.ask("new_tasks", contents, max_tokens=settings.max_tokens)
    read = {
        key: _items_of(reply, origins[key], settings.tasks_per_request, continued_from)
        for key, reply in replies.items()
    }
    unread = [key for key, items in read.items() if items[0].drop_reason == "unreadable"]
    writer.refuse_unreadable(replies, unread, "numbered list of tasks")
    return [item for items in read.values() for item in items]


def _items_of(reply: Reply, origin: Written, most: int, continued_from: int | None) -> list[Written]:
    """A row an item of the list in the reply; one without an instruction where there is none."""
    if reply.text is None:
        return [origin.dropped(NO_REPLY, reply.error)]
    items = numbered_items(reply.text, most=most, is_cut_off=reply.is_cut_off, continued_from=continued_from)
    if not items:
        return [replace(origin, raw=reply.text).dropped("unreadable", "no numbered list")]
    return [
        replace(
            origin,
            place=f"{origin.place}/{place}",
            instruction=item.text or None,
            drop_reason=item.drop_reason,
            raw=item.text,
        )
        for place, item in enumerate(items)
    ]
