"""Replies of a form that was asked for: sent along, part of the request's id, checked when they come."""

import json

import pytest
from chat_requests import asking as asking_for
from chat_requests import endpoint
from chat_server import ChatServer

from instruction_tuning.errors import ConfigurationError, FailureRateError
from instruction_tuning.lm.chat_request import ChatRequest, request_id
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.reply_schema import ReplySchema, reply_schema
from instruction_tuning.schemas.teacher_completions import TeacherCompletions

VERDICT = reply_schema(
    "verdict",
    {
        "type": "object",
        "properties": {"mark": {"type": "integer", "minimum": 1}},
        "required": ["mark"],
        "additionalProperties": False,
    },
)


def asking(count: int, *, samples: int = 1, schema: ReplySchema | None = VERDICT) -> list[ChatRequest]:
    return asking_for(count, samples=samples, kind="rating", schema=schema)


def test_a_request_without_a_schema_keeps_the_id_it_was_paid_under():
    """The ids are those of the version before there were schemas."""
    plain, formed = (
        asking(1, schema=None)[0].body("m", missing=1, part=0),
        asking(1)[0].body("m", missing=1, part=0),
    )
    assert request_id(plain, 0) == "8740f18cfd2065ab4d0ebfd44a4b1536"
    assert "response_format" not in plain
    assert request_id(formed, 0) != request_id(plain, 0)


def test_the_schema_is_sent_as_openai_wants_it(store):
    with ChatServer() as server:
        server.text = lambda body, index: '{"mark": 7}'
        frame = complete_all(endpoint(server), asking(1), store, CompletionLimits())
        (body,) = server.requests
    assert frame["response"].tolist() == ['{"mark": 7}']
    sent = body["response_format"]
    assert sent["type"] == "json_schema"
    assert (sent["json_schema"]["name"], sent["json_schema"]["strict"]) == ("verdict", True)
    assert sent["json_schema"]["schema"]["required"] == ["mark"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("seven", "is not JSON"),
        ('{"mark": 7', "is not JSON"),
        ('{"mark": "7"}', "schema verdict at mark: '7' is not of type 'integer'"),
        ("{}", "'mark' is a required property"),
        ('{"mark": 7, "why": "so"}', "why"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_reply_of_another_form_is_a_failed_sample_with_a_reason(store, reply, reason):
    with ChatServer() as server:
        server.text = lambda body, index: reply if index == 1 else '{"mark": 7}'
        limits = CompletionLimits(max_failure_rate=1.0)
        frame = complete_all(endpoint(server), asking(1, samples=3), store, limits)
        assert len(server.requests) == 1
        # What is stored tells the same, and the next run asks for the one that is missing.
        server.text = lambda body, index: '{"mark": 8}'
        again = complete_all(endpoint(server), asking(1, samples=3), store, limits)
        assert [body["n"] for body in server.requests] == [3, 1]
    TeacherCompletions.validate(frame)
    assert frame["status"].tolist() == ["ok", "ok", "failed"]
    assert reason in frame["error"].iloc[2]
    assert again["status"].eq("ok").all()


def test_replies_of_another_form_stop_a_run_like_other_failures(store):
    with ChatServer() as server, pytest.raises(FailureRateError, match=r"4 of 4 .*is not JSON"):
        complete_all(endpoint(server), asking(4), store, CompletionLimits())
    assert store.count("failed") == 4


def test_a_server_without_schemas_is_asked_without_and_its_replies_are_checked(store, caplog):
    refusal = {"status": 400, "body": {"error": {"message": "Unknown field: response_format"}}}
    with ChatServer(lambda body, attempt: refusal if "response_format" in body else None) as server:
        server.text = lambda body, index: '{"mark": 7}' if body["seed"] else "seven"
        limits = CompletionLimits(max_failure_rate=0.5)
        frame = complete_all(endpoint(server), asking(2), store, limits)
    assert frame["status"].tolist() == ["failed", "ok"]
    assert "response_format" in caplog.text


def test_a_schema_that_the_server_finds_wrong_is_not_left_out(store):
    message = "Invalid schema for response_format 'verdict': additionalProperties is required"
    refusal = {"status": 400, "body": {"error": {"message": message, "param": "response_format"}}}
    with ChatServer(lambda body, attempt: refusal) as server:
        with pytest.raises(FailureRateError, match="Invalid schema"):
            complete_all(endpoint(server), asking(1), store, CompletionLimits())
        assert len(server.requests) == 1


def test_what_is_no_schema_is_refused_before_anything_is_sent():
    with pytest.raises(ConfigurationError, match="is no JSON schema"):
        reply_schema("wrong", {"type": "objekt"})
    assert json.loads(VERDICT.text)["type"] == "object"
