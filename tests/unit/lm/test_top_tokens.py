"""Expected values from the log-probabilities of a real server's replies, or of a model folder's."""

import json
import sqlite3

import pytest
from chat_requests import asking as asking_for
from chat_requests import endpoint
from chat_server import ChatServer, likely
from training_builders import tiny_base

from instruction_tuning.errors import ConfigurationError, FailureRateError
from instruction_tuning.lm.chat_request import request_id
from instruction_tuning.lm.completion import Choice
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.store_exchange import export_store, import_store
from instruction_tuning.lm.top_tokens import expected_value, parse_logprobs, places_of
from instruction_tuning.schemas.teacher_completions import TeacherCompletions

SEVEN = [likely("R"), likely("ating"), likely(":"), likely(" 7", (" 7", 0.6), (" 8", 0.3), (" x", 0.1))]


def asking(count: int):
    return asking_for(count, kind="rating", with_top_tokens=True)


def read(content, text, *, highest=10):
    """The expected value of the number at the end of `text`."""
    places = parse_logprobs({"content": content}, text)
    number = text.split()[-1].rpartition(":")[2].rstrip("。")
    start = text.rindex(number)
    found = expected_value(places, start, start + len(number), lowest=1, highest=highest)
    return None if found is None else (round(found.value, 6), round(found.covered_mass, 6))


def test_the_value_is_the_mean_over_the_values_weighted_by_their_probabilities():
    assert read(SEVEN, "Rating: 7") == (pytest.approx((7 * 0.6 + 8 * 0.3) / 0.9, abs=1e-6), 0.9)


@pytest.mark.parametrize(
    ("content", "text", "expected"),
    [
        # A tokenizer with 10 as one token: 1 is 1.
        ([likely(":"), likely("9", ("9", 0.5), ("10", 0.3), ("1", 0.2))], ":9", (7.7, 1.0)),
        # Digit by digit: behind the 1 that was written, the next place tells 1 from 10.
        (
            [likely(":"), likely("1", ("1", 0.8), ("9", 0.2)), likely("0", ("0", 0.75), ("\n", 0.25))],
            ":10",
            (8.0, 1.0),
        ),
        # It could have gone on with 0, and ended.
        ([likely(":"), likely("1", ("1", 0.8), ("2", 0.2))], ":1", (1.2, 1.0)),
        # A 1 that was not written may be the beginning of 10: not covered.
        ([likely(":"), likely("9", ("9", 0.7), ("1", 0.3))], ":9", (9.0, 0.7)),
        # Other signs before the number, and a number within a token.
        (
            [likely(":8", (":8", 0.5), (":6", 0.25), ("8", 0.25))],
            ":8",
            (pytest.approx(22 / 3, abs=1e-5), 0.75),
        ),
        # Values off the scale, and words, are not covered.
        ([likely(":"), likely("9", ("9", 0.5), ("11", 0.2), ("nine", 0.3))], ":9", (9.0, 0.5)),
        # Thoughts before the text, Chinese in it.
        (
            [
                likely("think 3 "),
                likely("评"),
                likely("分："),
                likely("4", ("4", 0.5), ("6", 0.5)),
                likely("。"),
            ],
            "评分：4。",
            (5.0, 1.0),
        ),
    ],
)
def test_tokenizers_write_numbers_in_their_own_ways(content, text, expected):
    if "评" in text:
        places = parse_logprobs({"content": content}, text)
        found = expected_value(places, 3, 4, lowest=1, highest=10)
        assert (found.value, found.covered_mass) == pytest.approx(expected)
    else:
        assert read(content, text) == expected


def test_the_token_that_was_taken_counts_where_it_is_not_among_the_likeliest():
    taken = {**likely("2"), "logprob": -1.0, "top_logprobs": likely("3", ("3", 0.5))["top_logprobs"]}
    value, covered = read([likely(":"), taken], ":2", highest=5)
    assert 2 < value < 3 and covered > 0.8


@pytest.mark.parametrize(
    "logprobs",
    [
        None,
        {},
        {"content": None},
        {"content": []},
        {"content": [{"no": 1}]},
        {"content": [likely("other")]},
        3,
    ],
)
def test_log_probabilities_that_are_missing_or_of_another_text_are_null(logprobs):
    assert parse_logprobs(logprobs, "Rating: 7") is None


def test_half_a_character_is_no_obstacle():
    first, second = "评".encode()[:2], "评".encode()[2:]
    content = [
        {"token": "x", "logprob": -0.1, "bytes": list(first), "top_logprobs": []},
        {"token": "y", "logprob": -0.1, "bytes": list(second), "top_logprobs": []},
        likely("7", ("7", 0.5), ("5", 0.5)),
    ]
    (place,) = parse_logprobs({"content": content}, "评7")
    assert (place.start, place.token) == (1, "7")


def test_a_request_without_scores_keeps_the_id_it_was_paid_under():
    """The id is that of the version before there were scores, as in test_reply_schema."""
    body = asking_for(1, kind="rating")[0].body("m", missing=1, part=0)
    assert request_id(body, 0) == "8740f18cfd2065ab4d0ebfd44a4b1536"
    scored = asking(1)[0].body("m", missing=1, part=0)
    assert (scored["logprobs"], scored["top_logprobs"]) == (True, 20)


def test_what_a_score_is_read_from_is_kept_and_not_paid_again(store, tmp_path):
    with ChatServer() as server:
        server.text = lambda body, index: "Rating: 7"
        server.logprobs = lambda text: SEVEN
        first = complete_all(endpoint(server), asking(2), store, CompletionLimits())
        again = complete_all(endpoint(server), asking(2), store, CompletionLimits())
        assert len(server.requests) == 2
    TeacherCompletions.validate(first)
    assert first.equals(again)
    (place,) = places_of(json.loads(first["top_tokens"].iloc[0]))  # the words before it are not kept
    assert (place.start, place.token, len(place.likeliest)) == (7, " 7", 3)
    export_store(store, tmp_path / "e.jsonl")
    with CompletionStore(tmp_path / "other.sqlite") as other:
        assert import_store(other, tmp_path / "e.jsonl").added == 2
        elsewhere = complete_all(
            Endpoint(base_url="http://127.0.0.1:9/v1", model=endpoint(server).model),
            *(asking(2), other, CompletionLimits()),
        )
    assert elsewhere["top_tokens"].tolist() == first["top_tokens"].tolist()


def test_a_store_from_before_is_read_and_what_has_no_scores_is_stored_as_it_was(store):
    with ChatServer() as server:
        frame = complete_all(endpoint(server), asking_for(1), store, CompletionLimits())
    assert frame["top_tokens"].isna().all()
    with sqlite3.connect(store.path) as connection:
        ((stored,),) = connection.execute("SELECT choices FROM completions")
    assert [len(entry) for entry in json.loads(stored)] == [2]
    assert Choice.of_entry(["a", "stop"]) == Choice("a", "stop")
    assert Choice.of_entry([None, "stop", "why"]) == Choice(None, "stop", "why")


def test_a_server_that_gives_none_gives_no_text_for_a_score(store):
    """Never the score of the text in its place."""
    with ChatServer() as server:
        server.text = lambda body, index: "Rating: 7"
        with pytest.raises(FailureRateError, match="2 × the reply came without logprobs"):
            complete_all(endpoint(server), asking(2), store, CompletionLimits())
        server.logprobs = lambda text: SEVEN
        frame = complete_all(endpoint(server), asking(2), store, CompletionLimits())
    assert frame["response"].tolist() == ["Rating: 7"] * 2, "asked for again"


@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_server_that_refuses_to_give_them_is_told_of_with_the_ways_out(store, status):
    refusal = {"status": status, "body": {"error": {"message": "logprobs are not supported by this model"}}}
    with ChatServer(lambda body, attempt: refusal) as server:
        paid = endpoint(server, price_per_million_output_tokens=1.0)
        with pytest.raises(ConfigurationError, match=r"no log-probabilities(.|\n)*score_by: parsed_text"):
            complete_all(paid, asking(1), store, CompletionLimits(budget_usd=1.0))
        assert len(server.requests) == 1
    assert store.sent_total() == (0, 0.0), "a refusal costs nothing"


def test_a_model_folder_gives_the_probabilities_of_its_own_next_token(store):
    """The likeliest tokens of the first step are those that the model itself computes for the prompt."""
    import torch

    from instruction_tuning.chat_format.loss_mask import prompt_ids
    from instruction_tuning.lm.loading import load_model, load_tokenizer
    from instruction_tuning.lm.local import top_token_watcher
    from instruction_tuning.lm.local_endpoint import LocalEndpoint, _LoadedModel

    folder = tiny_base()
    model, tokenizer = load_model(folder, "causal"), load_tokenizer(folder)
    (request,) = asking(1)
    body = request.body("tiny", missing=1, part=0)
    (reply,) = _LoadedModel(model, tokenizer).reply([{**body, "n": 2}])
    assert len(reply.choices) == 2 and all(choice.top_tokens is not None for choice in reply.choices)
    ids = torch.tensor([prompt_ids(tokenizer, body["messages"])])
    with torch.inference_mode():
        watcher = top_token_watcher(5)
        logits = model(input_ids=ids).logits[:, -1]
        assert watcher(ids, logits) is logits
    (likeliest, log_p) = watcher.steps[0]
    expected = torch.log_softmax(logits.float(), -1).topk(5)
    assert likeliest.equal(expected.indices) and torch.allclose(log_p, expected.values.double())
    assert hasattr(LocalEndpoint, "score")


def test_a_model_folder_is_asked_for_scores_as_a_server_is(store):
    tiny = Endpoint(base_url=f"local:{tiny_base().path}", model="tiny")
    requests = asking_for(6, kind="rating", temperature=1.0, with_top_tokens=True)
    frame = complete_all(tiny, requests, store, CompletionLimits(max_failure_rate=1.0))
    TeacherCompletions.validate(frame)
    came = frame[frame["status"] == "ok"]
    assert len(came) and came["top_tokens"].notna().all()
    for text, stored in zip(came["response"], came["top_tokens"], strict=True):
        for place in places_of(json.loads(stored)):
            assert text[place.start : place.start + len(place.token)] == place.token
            assert len(place.likeliest) == 20
