"""What a user may set for ingestion; conf/base/parameters_ingestion.yml holds the defaults."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DuplicateParameters(_Frozen):
    """Near duplicates: `dedup/minhash_lsh.py` explains the rule."""

    compare: Literal["prompt", "prompt_and_answer"] = "prompt"
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.8
    content_guard: bool = True
    max_inserted_share: Share = 0.05
    permutations: Annotated[int, Field(gt=0, le=4096)] = 120
    bands: Annotated[int, Field(gt=0)] = 20
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _bands_divide_permutations(self) -> Self:
        if self.permutations % self.bands:
            raise ValueError(
                f"permutations ({self.permutations}) is no multiple of bands ({self.bands}): try 120 and 20"
            )
        return self


class DecontaminationParameters(_Frozen):
    """Leaked test items: `decontamination/ngram_overlap.py` explains the rule."""

    ngram_tokens: Annotated[int, Field(gt=0)] = 8
    min_overlap_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    max_missing_share: Share = 0.05


class IngestionParameters(_Frozen):
    """`max_rejection_rate` bounds the share of rows that may be unreadable or invalid, not that of
    duplicates."""

    format: Literal["auto", "alpaca", "sharegpt", "belle"] = "auto"
    require_answer: bool = True
    max_characters: Annotated[int, Field(gt=0)] = 32_768
    input_placeholders: tuple[str, ...] = ("noinput", "noinputrequired", "none", "n/a", "无输入")
    answer_placeholders: tuple[str, ...] = ("noinput", "nooutput", "无输出")
    max_rejection_rate: Share = 0.5
    duplicates: DuplicateParameters = DuplicateParameters()
    decontamination: DecontaminationParameters = DecontaminationParameters()
