"""What a user may set for the content checks; docs/validation.md says what each finds, and how well."""

from typing import Self

from pydantic import model_validator

from instruction_tuning.canonical.checks.content_checks import Action, ContentChecks
from instruction_tuning.canonical.checks.private_data import PERSONAL_DATA, SECRETS
from instruction_tuning.pipelines.ingestion.parameter_types import FrozenParameters


class CheckParameters(FrozenParameters):
    """What becomes of a row in which a check finds something.

    Decision 16 has the reasons for the defaults.
    """

    mojibake: Action = "flag"
    replacement_character: Action = "flag"
    hidden_text: Action = "flag"
    placeholder_in_text: Action = "flag"
    prompt_injection: Action = "flag"
    private_key: Action = "flag"
    api_key: Action = "flag"
    email: Action = "flag"
    credit_card_number: Action = "flag"
    id_card_number: Action = "flag"
    phone_number: Action = "flag"
    missing_image: Action = "reject"
    missing_link: Action = "reject"
    missing_file: Action = "reject"
    run_on_answer: Action = "reject"
    refusal: Action = "flag"
    self_reference: Action = "flag"

    def content_checks(self) -> ContentChecks:
        """The checks as reading needs them."""
        return ContentChecks(self.model_dump())


class RedactionParameters(FrozenParameters):
    """Whether marks such as `[EMAIL]` are put in place of private data, beside the checks that find them."""

    checks: CheckParameters = CheckParameters()
    redact_personal_data: bool = False
    redact_secrets: bool = False

    @model_validator(mode="after")
    def _nothing_is_both_redacted_and_rejected(self) -> Self:
        for name in sorted(self.redacted):
            if getattr(self.checks, name) == "reject":
                key = "redact_secrets" if name in SECRETS else "redact_personal_data"
                raise ValueError(
                    f"checks.{name} is reject, but {key} takes such values out before the check sees them: "
                    "leave one of the two"
                )
        return self

    @property
    def redacted(self) -> frozenset[str]:
        """Kinds of private data to take out: those whose check is not set to `ignore`."""
        kinds = (PERSONAL_DATA if self.redact_personal_data else ()) + (
            SECRETS if self.redact_secrets else ()
        )
        return frozenset(name for name in kinds if getattr(self.checks, name) != "ignore")
