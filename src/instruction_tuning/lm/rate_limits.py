"""What a server says of its limits in the headers of a reply.

    retry-after-ms, retry-after                how long to wait after a refusal: a number, or a date
    x-ratelimit-remaining-requests, -tokens    how much may still be asked before they are renewed
    x-ratelimit-reset-requests, -tokens        when that is

A reset is said as `6m0s` or `12ms` (OpenAI), in seconds (Azure, Groq), as a time stamp or a date (gateways).
Servers that do not know write -1 and 0; that says nothing.
"""

import email.utils
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
# Above these a number is a time stamp in seconds, or in milliseconds, and no wait.
_TIME_STAMP, _TIME_STAMP_MS = 1e9, 1e12


@dataclass(frozen=True, slots=True)
class Remaining:
    """How much of one thing may still be asked for, and in how many seconds it is renewed."""

    amount: float
    reset_seconds: float


@dataclass(frozen=True, slots=True)
class RateNews:
    """What one reply says of the requests and tokens that are left; null where it says nothing."""

    requests: Remaining | None = None
    tokens: Remaining | None = None


def rate_news(headers: Mapping[str, str]) -> RateNews | None:
    """What `headers` (of any case) say of requests and tokens that are left; null for nothing."""
    requests, tokens = _remaining(headers, "requests"), _remaining(headers, "tokens")
    return None if requests is None and tokens is None else RateNews(requests, tokens)


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """What a server asks for: `retry-after-ms`, or `Retry-After` in seconds or as a date."""
    for name, scale in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers.get(name, "")) * scale)
        except ValueError:
            continue
    date = email.utils.parsedate_tz(headers.get("retry-after", ""))
    return None if date is None else max(0.0, email.utils.mktime_tz(date) - time.time())


def duration_seconds(text: str) -> float | None:
    """Seconds until the moment that `text` names, 0 where it is past; null where it names none."""
    text = text.strip()
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    try:
        number = float(text)
    except ValueError:
        return _until(text)
    if number >= _TIME_STAMP:
        number = (number / 1e3 if number >= _TIME_STAMP_MS else number) - time.time()
    return max(number, 0.0) if number == number else None


def _until(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)


def _remaining(headers: Mapping[str, str], what: str) -> Remaining | None:
    said = headers.get(f"x-ratelimit-remaining-{what}")
    if said is None:
        return None
    try:
        amount = float(said)
    except ValueError:
        return None
    reset_seconds = duration_seconds(headers.get(f"x-ratelimit-reset-{what}", ""))
    # Without a moment to wait for, a number says nothing that a 429 will not say.
    return None if amount < 0 or not reset_seconds else Remaining(amount, reset_seconds)
