"""How often each verb occurs with each object in a pool's instructions and answers."""

import pandera.pandas as pa

from instruction_tuning.schemas.canonical_instructions import LANGUAGE


class VerbNounPairs(pa.DataFrameModel):
    """Verb and noun are empty where a text has none, so that without a least count all counts of a part add
    up to its texts."""

    part: str = pa.Field(isin=["instruction", "answer"])
    language: str = pa.Field(str_matches=LANGUAGE)
    verb: str
    noun: str
    count: int = pa.Field(ge=1)

    class Config:
        strict = True
        unique = ("part", "language", "verb", "noun")
