"""Which format a file is in.

Alpaca and BELLE have the same fields, so fields alone cannot tell them apart. The rule: a file is

* `sharegpt` when most of its first rows have `conversations`;
* `belle` when most have `instruction` and `output`, the file is JSON lines, and most instructions are
  Chinese;
* `alpaca` when most have `instruction` and `output`, in any other case (JSON array, CSV, Parquet, English).

Where no answer is required, `instruction` alone does for the last two.

A Chinese Alpaca file in JSON lines is thus read as BELLE. The only difference that makes is that a dialogue
written into `instruction` is split into turns (`belle.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from instruction_tuning.canonical.alpaca import alpaca_conversation
from instruction_tuning.canonical.belle import belle_conversation
from instruction_tuning.canonical.conversation import Conversation
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.sharegpt import sharegpt_conversation
from instruction_tuning.errors import UnknownFormatError
from instruction_tuning.text.languages import language_of

FORMATS: dict[str, Callable[..., Conversation | Fault]] = {
    "alpaca": alpaca_conversation,
    "sharegpt": sharegpt_conversation,
    "belle": belle_conversation,
}
KNOWN_FIELDS = {
    "alpaca": "instruction, input, output",
    "sharegpt": "conversations: [{from, value}]",
    "belle": "instruction, input, output as JSON lines, mostly Chinese",
}


def detect_format(
    path: Path,
    sample: Sequence[Mapping[str, object]],
    *,
    is_json_lines: bool,
    require_answer: bool = True,
) -> str:
    """The format of the file that the rows of `sample` come from.

    Raises `UnknownFormatError`, with the fields found and the formats known, when fewer than half fit one.
    """
    half = len(sample) / 2
    if sum("conversations" in fields for fields in sample) >= half:
        return "sharegpt"
    instructions = [fields for fields in sample if "instruction" in fields]
    pairs = [fields for fields in instructions if "output" in fields or not require_answer]
    if len(pairs) >= half:
        asked = [fields["instruction"] for fields in pairs]
        chinese = sum(isinstance(text, str) and language_of(text) == "zh" for text in asked)
        return "belle" if is_json_lines and chinese > len(pairs) / 2 else "alpaca"
    found = list(dict.fromkeys(str(name) for fields in sample for name in fields))
    known = "; ".join(f"{name} ({fields})" for name, fields in KNOWN_FIELDS.items())
    if len(instructions) >= half:
        fix = "set ingestion.require_answer=false if a teacher is to answer, or add the field `output`"
    else:
        fix = f"rename the fields to those of a known format, {known}; or name the format in ingestion.format"
    raise UnknownFormatError(
        f"no reader recognises the rows; their fields are: {', '.join(found[:20]) or 'none'}",
        file=path,
        fix=fix,
    )
