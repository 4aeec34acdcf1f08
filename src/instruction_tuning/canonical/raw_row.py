"""A row as it stands in a raw file, before its format is known."""

import json
import re
from dataclasses import dataclass

from instruction_tuning.canonical.faults import Fault

# Surrogates other than those that stand for a byte that is not UTF-8 (surrogateescape).
_NOT_A_BYTE = re.compile("[\\ud800-\\udc7f\\udd00-\\udfff]")


@dataclass(frozen=True, slots=True)
class RawRow:
    """Row `number` (from 0) of a file: its fields, or the fault that kept them from being read.

    For JSON lines it is one less than the line's number in an editor; CSV numbers start below the header.
    People are shown `number + 1` (`records.row_number_of`). `text` is the original text where there is one.
    """

    number: int
    fields: dict[str, object] | None
    text: str | None = None
    fault: Fault | None = None

    def original(self) -> str:
        """The row as it stood in the file; for CSV and Parquet, its fields as JSON."""
        text = self.text
        if text is None:
            text = json.dumps(self.fields, ensure_ascii=False, default=str)
        return printable(text)


def printable(text: str) -> str:
    """`text` with what UTF-8 cannot hold written as escapes: undecodable bytes, lone surrogates."""
    if is_encodable(text):
        return text
    escaped = _NOT_A_BYTE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return escaped.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_encodable(text: str) -> bool:
    """Whether UTF-8 can hold `text`: false for lone surrogates, which undecodable bytes become too."""
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
