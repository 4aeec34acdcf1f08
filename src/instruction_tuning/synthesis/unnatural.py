"""Unnatural Instructions: a fourth task after three that are shown, its output, and paraphrases of it.

Honovich et al. 2022, Unnatural Instructions (arXiv 2212.09689):

    three_shots   instruction, input and constraints of a fourth task, sampled
    task_output   the output, at temperature 0, to instruction, input and constraints
    paraphrasing  other ways to say the instruction, with the input and output that it has

Out are replies without an instruction, copies of one that was shown, what instances.py finds, and what is not
new by ROUGE-L (not in the paper, which drops exact copies). Paraphrases are in paraphrasing.py.
Departures: seeds and kept tasks alike are shown; constraints
are put to the model, and stand in the instruction that is kept.
"""

import re
from dataclasses import replace

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.synthesis.asking import LANGUAGE_NAMES, NO_REPLY, Reply, Writer
from instruction_tuning.synthesis.demonstrations import draw_tasks
from instruction_tuning.synthesis.instances import instance_fault, without_placeholder
from instruction_tuning.synthesis.instruction_filters import InstructionFilters, filtered_instruction
from instruction_tuning.synthesis.novelty_filter import known_instructions, only_new
from instruction_tuning.synthesis.paraphrasing import paraphrases
from instruction_tuning.synthesis.written_rows import Written
from instruction_tuning.text.refusals import begins_with_refusal

METHOD = "unnatural"
SHOTS, _MACHINE_SHOTS = 3, 1
_FIELD = re.compile(
    r"^[\s*_#]*(instruction|input|constraints?)[\s*_]*[:：][ \t*_]*", re.IGNORECASE | re.MULTILINE
)


class UnnaturalParameters(BaseModel):
    """How many fourth tasks are asked for, and paraphrases of each that is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(ge=1)
    max_tokens: int = Field(gt=0)
    paraphrases: int = Field(ge=0, le=20)


def write_fourth_tasks(
    rows: pd.DataFrame,
    writer: Writer,
    settings: UnnaturalParameters,
    filters: InstructionFilters,
    *,
    languages: tuple[str, ...],
) -> list[Written]:
    """Fourth tasks and paraphrases of those kept, beside the `rows` that are known."""
    index = known_instructions(rows)
    written = _fourth_tasks(rows, writer, settings, languages)
    filtered = [filtered_instruction(row, filters) for row in written]
    tasks = _answered(only_new(filtered, index, max_rouge_l=filters.max_rouge_l), writer, settings)
    kept = [row for row in tasks if row.is_open]
    reworded = paraphrases(
        kept, index, writer, filters, count=settings.paraphrases, max_tokens=settings.max_tokens
    )
    return [*tasks, *reworded]


def _fourth_tasks(
    rows: pd.DataFrame, writer: Writer, settings: UnnaturalParameters, languages: tuple[str, ...]
) -> list[Written]:
    prompt = read_prompt("three_shots")
    contents, origins, shown = {}, {}, {}
    for place in range(settings.requests):
        language = languages[place % len(languages)]
        key = f"{METHOD}-{language}-{place}"
        rng = substream(writer.seed, METHOD, place)
        drawn = draw_tasks(rows, language, rng, shots=SHOTS, machine_shots=_MACHINE_SHOTS)
        values = {"language": LANGUAGE_NAMES[language], "examples": _three_tasks(drawn)}
        contents[key], shown[key] = prompt.fill(values), set(drawn["instruction"])
        origins[key] = Written(
            place=key,
            parent_ids=tuple(drawn["record_id"]),
            method=METHOD,
            round=1,
            language=language,
            prompt_digest=prompt.digest,
        )
    replies = writer.ask("three_shots", contents, max_tokens=settings.max_tokens)
    read = {key: _fourth_task(reply, origins[key], shown[key]) for key, reply in replies.items()}
    unread = [key for key, row in read.items() if row.drop_reason == "unreadable"]
    writer.refuse_unreadable(replies, unread, "line `Instruction: ...`")
    return list(read.values())


def _three_tasks(tasks: pd.DataFrame) -> str:
    return "\n\n".join(
        f"Instruction: {row['instruction']}\nInput: {row['input'] or 'None'}\nConstraints: None"
        for row in tasks.to_dict("records")
    )


def _fourth_task(reply: Reply, origin: Written, shown: set[str]) -> Written:
    if reply.text is None:
        return origin.dropped(NO_REPLY, reply.error)
    row = replace(origin, raw=reply.text)
    # name, text, name, text, ...; what stands before the first name is no part of it.
    parts = _FIELD.split(reply.text)[1:]
    fields = {name.casefold()[:10]: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)}
    if "instructio" not in fields:
        return row.dropped("unreadable", "no line `Instruction: ...`")
    if reply.is_cut_off:
        return row.dropped("cut_off")
    instruction = fields["instructio"]
    if instruction in shown:
        return replace(row, instruction=instruction).dropped("copied_example")
    constraints = without_placeholder(fields.get("constraint", ""))
    whole = f"{instruction}\n{constraints}" if instruction and constraints else instruction
    return replace(row, instruction=whole, input=without_placeholder(fields.get("input", "")))


def _answered(written: list[Written], writer: Writer, settings: UnnaturalParameters) -> list[Written]:
    """The open ones with the model's output to instruction and input, as a user would ask it."""
    contents = {
        row.task_id: "\n\n".join(part for part in (row.instruction, row.input) if part)
        for row in written
        if row.is_open
    }
    replies = writer.ask("task_output", contents, max_tokens=settings.max_tokens, temperature=0.0)
    return [_with_output(row, replies[row.task_id]) if row.task_id in contents else row for row in written]


def _with_output(row: Written, reply: Reply) -> Written:
    if reply.text is None:
        return row.dropped(NO_REPLY, reply.error)
    answered = replace(row, output=without_placeholder(reply.text), example=0)
    if reply.is_cut_off:
        return answered.dropped("cut_off")
    if begins_with_refusal(str(answered.output)):
        return answered.dropped("refused")
    reason = instance_fault(str(answered.input), str(answered.output))
    return answered if reason is None else answered.dropped(reason)
