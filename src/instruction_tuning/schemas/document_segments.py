"""Texts under the headers of documents: those that may answer an instruction, and the rest with a reason."""

import pandera.pandas as pa

from instruction_tuning.schemas.canonical_instructions import LANGUAGE


class DocumentSegments(pa.DataFrameModel):
    """`start` and `end` are characters of the document; its segments, kept and rejected, one after the
    other are the document. `path`: the headers above, the highest first. `parent_ids`: the document."""

    segment_id: str = pa.Field(unique=True, str_matches=r"^[0-9a-f]{16}$")
    document_id: str
    parent_ids: object
    start: int = pa.Field(ge=0)
    end: int = pa.Field(ge=0)
    level: int = pa.Field(ge=0, le=6)
    header: str
    path: object
    text: str
    characters: int = pa.Field(ge=0)
    language: str = pa.Field(str_matches=LANGUAGE)

    class Config:
        strict = True


class RejectedSegments(DocumentSegments):
    """The segments among them that are no candidates."""

    reason: str = pa.Field(str_matches=r"^[a-z][a-z_]*$")
    detail: str
