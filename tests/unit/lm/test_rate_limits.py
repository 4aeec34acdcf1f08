import email.utils
import time
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from instruction_tuning.lm.rate_limits import (
    RateNews,
    Remaining,
    duration_seconds,
    rate_news,
    retry_after_seconds,
)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "2"}, 2.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({}, None),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_retry_after_is_read_in_seconds_or_milliseconds(headers, seconds):
    assert retry_after_seconds(httpx2.Headers(headers)) == seconds


def test_retry_after_is_read_as_a_date():
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert 55 < retry_after_seconds(httpx2.Headers({"Retry-After": date})) <= 60


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("1h2m3.5s", 3723.5),
        ("7.66", 7.66),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("2001-01-01T00:00:00Z", 0.0),
    ],
)
def test_a_reset_is_read_in_every_form_that_servers_use(text, seconds):
    assert duration_seconds(text) == seconds


def test_a_reset_may_be_a_moment():
    assert 55 < duration_seconds(str(time.time() + 60)) <= 60
    assert 55 < duration_seconds(str(1000 * (time.time() + 60))) <= 60
    assert 55 < duration_seconds((datetime.now(UTC) + timedelta(seconds=60)).isoformat()) <= 60


def test_headers_of_any_case_tell_what_is_left():
    headers = {
        "X-RateLimit-Remaining-Requests": "4999",
        "x-ratelimit-reset-requests": "12ms",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    told = RateNews(Remaining(4999, 0.012), Remaining(0, 360.0))
    assert rate_news(httpx2.Headers(headers)) == told


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "0"},  # Azure, at times
        {"x-ratelimit-remaining-requests": "0"},
        {"x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "1s"},
    ],
)
def test_headers_that_say_nothing_change_nothing(headers):
    assert rate_news(httpx2.Headers(headers)) is None
