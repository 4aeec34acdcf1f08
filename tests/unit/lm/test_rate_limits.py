import email.utils
import time

import httpx2
import pytest

from instruction_tuning.lm.rate_limits import retry_after_seconds


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
