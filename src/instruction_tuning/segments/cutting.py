"""Documents to segments: the text under each header (Humpback, arXiv 2308.06259, sec. 3.1 and app. A).

A segment is a header and all text up to the next header of any level. Kept are segments of 600 to 3,000
characters that `faults.py` finds nothing wrong with. Departures: the paper cuts parsed HTML; here are
Markdown, wiki and HTML headers in plain text, and the text is left as it stands. What is before the first
header is a segment without a header, which is rejected: so every character of a document is in exactly one
segment.

O(characters) for cutting, O(sentences²) for the sentences of a segment of acceptable length.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import pandas as pd

from instruction_tuning.segments.faults import SegmentRules, fault_of
from instruction_tuning.segments.headers import headers_of
from instruction_tuning.text.languages import language_of

_LANGUAGE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Segment:
    """One header with its text. `document[start:end]` is all of it, header and white space included; `text`
    is what stands under the header. `path`: the titles of the headers above it, the highest first."""

    document_id: str
    start: int
    end: int
    level: int
    header: str
    path: tuple[str, ...]
    text: str


SEGMENT_COLUMNS = (
    "segment_id",
    "document_id",
    "parent_ids",
    "start",
    "end",
    "level",
    "header",
    "path",
    "text",
)
KEPT_COLUMNS = (*SEGMENT_COLUMNS, "characters", "language")
REJECTED_COLUMNS = (*KEPT_COLUMNS, "reason", "detail")
_DTYPES = {"parent_ids": "object", "path": "object", "start": "int64", "end": "int64", "level": "int64"}
_DTYPES |= {"characters": "int64"}


def segments_of(document_id: str, document: str) -> list[Segment]:
    """The segments of one document, in order; one after the other they are the document."""
    headers = headers_of(document)
    segments = []
    if not headers or headers[0].start > 0:
        end = headers[0].start if headers else len(document)
        segments.append(Segment(document_id, 0, end, 0, "", (), document[:end].strip()))
    above: list[tuple[int, str]] = []
    ends = [*(header.start for header in headers[1:]), len(document)]
    for header, end in zip(headers, ends, strict=False):  # without a header there is one end
        above = [(level, title) for level, title in above if level < header.level]
        segments.append(
            Segment(
                document_id,
                header.start,
                end,
                header.level,
                header.title,
                tuple(title for _, title in above),
                document[header.end : end].strip(),
            )
        )
        above.append((header.level, header.title))
    return segments


def cut_documents(
    documents: Iterable[tuple[str, str]], rules: SegmentRules
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Kept and rejected segments of (document id, text) pairs; `KEPT_COLUMNS` and `REJECTED_COLUMNS`.

    Documents are taken one by one. The same text under the same header twice is kept once, the first time.
    """
    kept: list[dict[str, object]] = []
    rejected: list[dict[str, object]] = []
    seen: dict[bytes, str] = {}
    for document_id, document in documents:
        for segment in segments_of(document_id, document):
            row = _row(segment)
            fault = fault_of(segment.header, segment.text, rules)
            if fault is None:
                digest = hashlib.blake2b(" ".join(segment.text.split()).encode(), digest_size=16).digest()
                first = seen.setdefault(digest, str(row["segment_id"]))
                if first != row["segment_id"]:
                    fault = ("same_text", first)
            if fault is None:
                kept.append(row)
            else:
                rejected.append({**row, "reason": fault[0], "detail": fault[1]})
    return _frame(kept, KEPT_COLUMNS), _frame(rejected, REJECTED_COLUMNS)


def _row(segment: Segment) -> dict[str, object]:
    name = f"{segment.document_id}\x1f{segment.start}\x1f{segment.header}\x1f{segment.text}"
    return {
        "segment_id": hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        **asdict(segment),
        "parent_ids": [segment.document_id],
        "path": list(segment.path),
        "characters": len(segment.text),
        "language": language_of(segment.text[:_LANGUAGE_CHARACTERS]),
    }


def _frame(rows: list[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=_DTYPES.get(name, "str")) for name in columns}
    )
