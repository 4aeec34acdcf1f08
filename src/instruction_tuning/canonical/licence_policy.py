"""Which rows the user's policy on licences keeps out of the pool."""

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.text.licences import is_allowed


def licence_fault(licence: str | None, rules: ReadingRules) -> Fault | None:
    """Why a row under `licence` stays out; without `rules.allowed_licences` none does."""
    allowed = rules.allowed_licences
    if allowed is None:
        return None
    if licence is None:
        is_kept = rules.unknown_licence == "keep"
        return None if is_kept else Fault("licence_unknown", "licence", "neither row nor source has one")
    if is_allowed(licence, allowed):
        return None
    return Fault("licence_not_allowed", "licence", f"{licence} is not among {', '.join(allowed)}"[:200])
