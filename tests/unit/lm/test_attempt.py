import json

import pytest

from instruction_tuning.lm.attempt import AttemptError, parse_reply


def reply(choices, **rest) -> bytes:
    return json.dumps({"choices": choices, **rest}).encode()


def test_choices_come_in_the_order_of_their_index():
    parsed = parse_reply(
        reply([{"index": 1, "message": {"content": "b"}}, {"index": 0, "message": {"content": "a"}}])
    )
    assert [choice.text for choice in parsed.choices] == ["a", "b"]


def test_a_choice_without_text_is_kept_as_one_without_text():
    parsed = parse_reply(reply([{"message": {"content": None}, "finish_reason": "length"}]))
    assert parsed.choices[0].text is None
    assert parsed.choices[0].finish_reason == "length"


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": 3}, {"prompt_tokens": -1, "completion_tokens": 2}]
)
def test_incomplete_usage_counts_as_not_reported(usage):
    parsed = parse_reply(reply([{"message": {"content": "a"}}], usage=usage))
    assert not parsed.usage_reported


def test_a_lone_surrogate_becomes_text_that_a_file_can_hold():
    parsed = parse_reply(b'{"choices": [{"message": {"content": "a\\ud800b"}}]}')
    assert parsed.choices[0].text == "a?b"


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"[]", b'{"choices": 3}', b'{"choices": []}', b'{"choices": [{"text": "a"}]}', b"\xff"],
)
def test_a_body_that_is_no_completion_is_an_error_worth_another_try(content):
    with pytest.raises(AttemptError) as caught:
        parse_reply(content)
    assert caught.value.retryable
