"""Refusals as real servers word them; where a text is a server's own, its name stands beside it."""

import json
import logging

import pytest
from chat_server import MODEL, ChatServer, good_text

from instruction_tuning.lm.attempt import parse_reply
from instruction_tuning.lm.chat_request import chat_request
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.dialect import Dialect
from instruction_tuning.lm.protocol import Endpoint

BODY = {"model": "m", "messages": [], "n": 3, "temperature": 0.7, "max_tokens": 5, "seed": 1}


def openai_error(message: str, param: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "param": param}})


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        # OpenAI's reasoning models
        (
            openai_error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                "max_tokens",
            ),
            "max_tokens",
        ),
        # transformers serve 5.23, were it not to know the field
        (json.dumps({"detail": "Unexpected fields in the request: {'seed'}"}), "seed"),
        # FastAPI with pydantic's extra="forbid"
        (
            json.dumps({"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}),
            "seed",
        ),
        (json.dumps({"detail": [{"loc": ["body", "n"], "msg": "Extra inputs are not permitted"}]}), "n"),
        (openai_error("Only n = 1 is supported"), "n"),
        (openai_error("'n' : number must be at most 1"), "n"),
        (openai_error("invalid value", "n"), "n"),
        ("unknown field `seed`", "seed"),
    ],
)
def test_a_refused_field_is_left_out_or_renamed(answer, field):
    dialect = Dialect("http://server")
    assert dialect.learn(BODY, 400, answer)
    said = dialect.spoken(BODY)
    assert field not in said
    if field == "max_tokens":
        assert said["max_completion_tokens"] == 5
    assert said.keys() >= BODY.keys() - {field}
    assert not dialect.learn(said, 400, answer)  # what was not sent cannot have been the reason


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, openai_error("This model's context is 40 tokens; a prompt cannot be longer")),
        (400, openai_error("Unsupported value: 'temperature' does not support 0.7", "temperature")),
        # FastAPI repeats the request that it could not read
        (422, json.dumps({"detail": [{"loc": ["body", "model"], "msg": "missing", "input": BODY}]})),
        (500, openai_error("seed")),
        (400, "[]"),
    ],
)
def test_any_other_refusal_changes_nothing(status, answer):
    dialect = Dialect("http://server")
    assert not dialect.learn(BODY, status, answer)
    assert dialect.spoken(BODY) == BODY


def test_answers_come_in_parts_too():
    parts = [{"type": "text", "text": "a "}, {"type": "text", "text": "b"}]
    assert (
        parse_reply(json.dumps({"choices": [{"message": {"content": parts}}]}).encode()).choices[0].text
        == "a b"
    )


def test_all_samples_come_from_a_server_that_knows_neither_n_nor_seed_nor_max_tokens(tmp_path, caplog):
    def fault(body, attempt):
        for field, hint in (("seed", ""), ("n", ""), ("max_tokens", "; use max_completion_tokens")):
            if field in body:
                message = f"Unknown parameter: '{field}'{hint}"
                return {"status": 400, "body": {"error": {"message": message}}}
        return None

    requests = [
        chat_request(
            f"{number:016x}",
            "answer",
            [{"role": "user", "content": f"question {number}"}],
            num_samples=3,
            temperature=0.7,
            max_tokens=9,
            seed=number,
        )
        for number in range(4)
    ]
    with ChatServer(fault) as server, caplog.at_level(logging.WARNING):
        server.text = lambda body, index: good_text({**body, "seed": len(server.requests)}, index)
        server.choices_at_most = 1
        endpoint = Endpoint(base_url=server.base_url, model=MODEL)
        with CompletionStore(tmp_path / "completions.sqlite") as store:
            frame = complete_all(endpoint, requests, store, CompletionLimits(max_concurrency=4))
    assert (frame["status"] == "ok").all() and len(frame) == 12
    assert frame.groupby("record_id")["response"].nunique().tolist() == [3] * 4
    served = [body for body in server.requests if "max_completion_tokens" in body]
    assert len(served) == 12 and all(not {"seed", "n", "max_tokens"} & body.keys() for body in served)
    warnings = [record.message for record in caplog.records if "does not take" in record.message]
    assert len(warnings) == 3  # one a field, however many requests were refused
