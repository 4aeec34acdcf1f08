"""What a user may set for duplicates; conf/base/parameters_duplicates.yml holds the defaults."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from instruction_tuning.dedup.keeping_order import Rule
from instruction_tuning.dedup.lsh_settings import LshSettings, derived
from instruction_tuning.pipelines.ingestion.parameter_types import FrozenParameters, Positive, Share


class SemanticDuplicateParameters(FrozenParameters):
    """Duplicates by vectors: `dedup/semantic.py` explains the search. `dimensions` are those in which pairs
    of tfidf are looked for; `max_length_tokens` is that of hidden_states, which are those of `base_model`."""

    enabled: bool = False
    similarity: Annotated[float, Field(gt=0, le=1)] = 0.9
    embedding: Literal["tfidf", "hidden_states"] = "tfidf"
    dimensions: Annotated[int, Field(gt=1, le=4096)] = 128
    max_length_tokens: Positive = 512


class DuplicateParameters(FrozenParameters):
    """Near duplicates: `dedup/minhash_lsh.py` explains the rule, `dedup/keeping_order.py` which one stays,
    `dedup/lsh_settings.py` how bands and rows are derived where they are not given."""

    compare: Literal["prompt", "prompt_and_answer"] = "prompt"
    keep: tuple[Rule, ...] = ("licence", "source_priority", "answered", "quality", "length")
    source_priority: tuple[str, ...] = ()
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.8
    content_guard: bool = True
    max_inserted_share: Share = 0.05
    shingle_tokens: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1, 2)
    permutations: Annotated[int, Field(gt=0, le=4096)] = 128
    min_recall: Annotated[float, Field(ge=0, lt=1)] = 0.99
    bands: Positive | None = None
    rows: Positive | None = None
    semantic: SemanticDuplicateParameters = SemanticDuplicateParameters()
    seed: Annotated[int, Field(ge=0)] = 0

    @field_validator("keep")
    @classmethod
    def _rules_are_named_once(cls, keep: tuple[Rule, ...]) -> tuple[Rule, ...]:
        if len(set(keep)) != len(keep):
            raise ValueError(f"keep names a rule twice: {', '.join(keep)}")
        return keep

    @model_validator(mode="after")
    def _bands_find_what_is_asked_for(self) -> Self:
        self.lsh()
        return self

    def lsh(self) -> LshSettings:
        """Bands and rows, given or derived."""
        return derived(self.permutations, self.threshold, self.min_recall, bands=self.bands, rows=self.rows)
