"""Why a row cannot become a record: a short code for counting, and what to do about it for reading."""

from dataclasses import dataclass

READ_STAGE_REASONS = (
    "invalid_encoding",
    "invalid_json",
    "cut_off_file",
    "invalid_csv",
    "not_an_object",
    "wrong_column_count",
)
LICENCE_STAGE_REASONS = ("licence_not_allowed", "licence_unknown")

FIXES = {
    "invalid_encoding": "save the file as UTF-8",
    "invalid_json": "write one complete JSON object for the row (check quotes, commas and brackets)",
    "cut_off_file": "copy or fetch the file again: its array is not closed, so all rows behind this one are "
    "missing, and nobody knows how many",
    "invalid_csv": "close the quotes around the row's cells, and write a quote inside a cell twice",
    "not_an_object": "write the row as a JSON object with named fields",
    "wrong_column_count": "give the row as many cells as the header has, and quote cells that hold commas",
    "invalid_unicode": "remove the lone surrogate (an escape like \\ud800 without its second half)",
    "missing_field": "add the field, or name the file's format in `ingestion.format`",
    "wrong_type": "make the value a text (a list of turns for conversations, a number for scores)",
    "not_a_text": "leave out rows that need an image, a sound or a tool",
    "unknown_role": "use the speakers human, gpt and system (or user, assistant and system)",
    "turn_order": "let a human turn begin (after an optional system turn) and let human and gpt alternate",
    "empty_instruction": "write the instruction, or remove the row",
    "empty_answer": "write the answer, or set `ingestion.require_answer=false` if a teacher is to answer",
    "empty_text": "write the document's text, or remove the row",
    "unknown_vote": "write 1 or 2 for the better response, 0 or tie for neither",
    "different_questions": "let `chosen` and `rejected` answer the same conversation",
    "placeholder_answer": "write an answer, or set `ingestion.require_answer=false` if a teacher answers",
    "licence_not_allowed": "add the licence to `ingestion.allowed_licences`, or leave the rows out",
    "licence_unknown": "name the source's licence in `ingestion.licences`, or set "
    "`ingestion.unknown_licence=keep`",
    "unreadable_tests": "write `tests` as Python that asserts something (a text or a list of texts, such as "
    "`assert f(1) == 2`), or give the column another name",
    "unreadable_constraints": 'write `constraints` as a list such as [{"kind": "words", "value": 20, '
    '"relation": "at_most"}], or give the column another name',
    "too_long": "shorten the row, or raise `ingestion.max_characters`",
}
# What the content checks reject has the check's name; each can be set to `flag` or `ignore`.
_CHECK_FIXES = {
    "mojibake": "read the file in the encoding that it was written in",
    "replacement_character": "take the text from where it was whole: its characters are lost",
    "hidden_text": "remove the characters that turn or hide the text",
    "placeholder_in_text": "remove the mark",
    "run_on_answer": "cut the answer where the next instruction begins",
    "missing_image": "give tasks that can be done without a picture, a film or a sound",
    "missing_link": "put the text of the page in place of its address",
    "missing_file": "put the text into the row",
    "email": "set `ingestion.redact_personal_data=true`",
    "phone_number": "set `ingestion.redact_personal_data=true`",
    "id_card_number": "set `ingestion.redact_personal_data=true`",
    "credit_card_number": "set `ingestion.redact_personal_data=true`",
    "api_key": "set `ingestion.redact_secrets=true`, and have the key revoked",
    "private_key": "set `ingestion.redact_secrets=true`, and have the key revoked",
}


def fix_of(reason: str) -> str:
    """What to do about rows that were rejected for `reason`."""
    if reason in FIXES:
        return FIXES[reason]
    setting = f"set `ingestion.checks.{reason}=flag`"
    return f"{_CHECK_FIXES[reason]}, or {setting}" if reason in _CHECK_FIXES else setting


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the code, the field it is in, and the offending value in words."""

    reason: str
    field: str | None = None
    detail: str | None = None

    @property
    def stage(self) -> str:
        """`read` when the row has no fields to look at, `licence` if it may not be used, else `validate`."""
        if self.reason in LICENCE_STAGE_REASONS:
            return "licence"
        return "read" if self.reason in READ_STAGE_REASONS else "validate"
