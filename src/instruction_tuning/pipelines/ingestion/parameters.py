"""What a user may set for ingestion; conf/base/parameters_ingestion.yml holds the defaults."""

from dataclasses import fields
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.decontamination.rules import Method, NgramRules, TokenShareRules
from instruction_tuning.pipelines.ingestion.check_parameters import RedactionParameters
from instruction_tuning.pipelines.ingestion.parameter_types import FrozenParameters, Share
from instruction_tuning.schemas.canonical_instructions import FORMATS
from instruction_tuning.text.licences import GROUPS, entry_fault, licence_id


class DecontaminationParameters(FrozenParameters):
    """Questions of benchmarks: `decontamination/ngram_overlap.py` and `token_share.py` explain the
    methods."""

    method: Method = "ngram"
    check_answers: bool = True
    removed_splits: tuple[Literal["test", "validation", "train"], ...] = ("test", "validation")
    ngram_tokens: Annotated[int, Field(gt=0)] = 8
    min_overlap_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    max_missing_share: Share = 0.05
    max_missing_tokens: Annotated[int, Field(ge=0)] = 3
    min_item_tokens: Annotated[int, Field(gt=0)] = 3
    template_items: Annotated[int, Field(gt=0)] = 10
    template_records: Annotated[int, Field(gt=0)] | None = 10
    templates: tuple[str, ...] = ()
    min_match_tokens: Annotated[int, Field(gt=0)] = 10
    skipgram_budget: Annotated[int, Field(ge=0)] = 4
    dirty_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    clean_share: Share = 0.2

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.min_item_tokens > self.ngram_tokens:
            raise ValueError(
                f"min_item_tokens ({self.min_item_tokens}) is more than ngram_tokens ({self.ngram_tokens})"
            )
        if self.clean_share > self.dirty_share:
            raise ValueError(
                f"clean_share ({self.clean_share}) is more than dirty_share ({self.dirty_share})"
            )
        return self

    def ngram_rules(self) -> NgramRules:
        """What of this the method `ngram` needs."""
        return NgramRules(**{field.name: getattr(self, field.name) for field in fields(NgramRules)})

    def token_share_rules(self) -> TokenShareRules:
        """What of this the method `token_share` needs."""
        return TokenShareRules(**{field.name: getattr(self, field.name) for field in fields(TokenShareRules)})


class EvaluationDataParameters(FrozenParameters):
    """Apart from `ingestion`, so that another evaluation set does not make the records be read again.

    `path`: a file or a folder of evaluation sets; null: none but `benchmark_items`.
    """

    path: str | None = None


# A column, or several of which the first that a row has is taken.
ColumnNames = str | tuple[str, ...] | None


class ColumnParameters(FrozenParameters):
    """Which column holds which field, for rows with other names than those of a known format.

    `canonical/column_mapping.py` explains the paths, and `json`.
    """

    model_config = ConfigDict(populate_by_name=True)

    json_text: ColumnNames = Field(default=None, alias="json")  # pydantic has a `json` of its own
    instruction: ColumnNames = None
    input: ColumnNames = None
    output: ColumnNames = None
    system: ColumnNames = None
    history: ColumnNames = None
    messages: ColumnNames = None
    conversations: ColumnNames = None
    chosen: ColumnNames = None
    rejected: ColumnNames = None
    response1: ColumnNames = None
    response2: ColumnNames = None
    votes: ColumnNames = None
    scores: ColumnNames = None
    text: ColumnNames = None
    title: ColumnNames = None
    category: ColumnNames = None
    language: ColumnNames = None
    licence: ColumnNames = None
    id: ColumnNames = None
    tests: ColumnNames = None
    constraints: ColumnNames = None


class IngestionParameters(RedactionParameters):
    """`max_rejection_rate` bounds the share of rows that may be unreadable or invalid, not that of
    duplicates or of rows under other licences; `text/licences.py` says how licences are compared."""

    format: Literal["auto", *FORMATS, "plain_text"] = "auto"  # type: ignore[valid-type]
    columns: ColumnParameters = ColumnParameters()
    require_answer: bool = True
    max_characters: Annotated[int, Field(gt=0)] = 32_768
    input_placeholders: tuple[str, ...] = ("noinput", "noinputrequired", "none", "n/a", "无输入")
    answer_placeholders: tuple[str, ...] = ("noinput", "nooutput", "无输出")
    licences: dict[str, str] = Field(default_factory=dict)
    allowed_licences: str | tuple[str, ...] | None = None
    unknown_licence: Literal["keep", "reject"] = "reject"
    max_rejection_rate: Share = 0.5

    @model_validator(mode="after")
    def _allowed_licences_can_fit(self) -> Self:
        if self.allowed_licences is None:
            return self
        entries = _several(self.allowed_licences)
        if not entries:
            raise ValueError("allowed_licences is empty, which lets no row in; null lets every row in")
        named = {licence_id(licence).casefold() for licence in self.licences.values()}
        if faults := [fault for entry in entries if (fault := entry_fault(entry, named))]:
            raise ValueError(f"allowed_licences: {'; '.join(faults)}; the groups are {', '.join(GROUPS)}")
        return self

    def reading_rules(self) -> ReadingRules:
        """What of this the readers need."""
        named = self.columns.model_dump(by_alias=True, exclude_none=True)
        return ReadingRules(
            format=self.format,
            require_answer=self.require_answer,
            max_characters=self.max_characters,
            input_placeholders=frozenset(self.input_placeholders),
            answer_placeholders=frozenset(self.answer_placeholders),
            columns={field: _several(names) for field, names in named.items()},
            checks=self.checks.content_checks(),
            redacted=self.redacted,
            licences=self.licences,
            allowed_licences=None if self.allowed_licences is None else _several(self.allowed_licences),
            unknown_licence=self.unknown_licence,
        )


def _several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
