"""Nothing that looks like a secret is logged, not even by a user who put one on the command line.

A parameter may be named like a secret and be none: the content check `ingestion.checks.api_key` says what
becomes of a row. One of the few values that such a parameter's type writes out is shown.
"""

import re

from instruction_tuning.hooks.parameter_choices import choices_of

BLANK = "<redacted>"
_SECRET_NAME = re.compile(
    r"(?:^|[._-])(?:api[_-]?key|token|secret|password|passwd|credentials?)$", re.IGNORECASE
)
_SECRET_ASSIGNMENT = re.compile(
    r"(?P<name>[\w.-]*(?:api[_-]?key|token|secret|password|passwd))(?P<sign>[=:]\s*)(?P<value>[^\s,;&'\"]+)",
    re.IGNORECASE,
)
# In an address, a plain `key` is a secret, too.
_SECRET_QUERY = re.compile(r"(?P<name>[?&](?:key|code|auth|sig|signature)=)[^\s&#'\"]+", re.IGNORECASE)
_SECRET_SHAPE = re.compile(r"\b(?:sk|hf|ghp|gho|glpat|xox[abp])[-_][A-Za-z0-9_-]{12,}")
_URL_CREDENTIALS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)[^/\s]+@", re.IGNORECASE)


def redact(name: str, text: str) -> str:
    """`text` without keys, tokens and passwords; all of it when `name` says that it is one."""
    if _SECRET_NAME.search(name) and text not in ("", "None") and text not in choices_of(name):
        return BLANK
    return redact_text(text)


def redact_text(text: str) -> str:
    """`text` without assignments to secret names, well-known key shapes and credentials in addresses."""
    text = _URL_CREDENTIALS.sub(rf"\g<scheme>{BLANK}@", text)
    text = _SECRET_ASSIGNMENT.sub(_blanked_assignment, text)
    text = _SECRET_QUERY.sub(rf"\g<name>{BLANK}", text)
    return _SECRET_SHAPE.sub(BLANK, text)


def _blanked_assignment(found: re.Match[str]) -> str:
    if found["value"] in choices_of(found["name"]):
        return found[0]
    return f"{found['name']}{found['sign']}{BLANK}"
