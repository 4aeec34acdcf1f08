import json

import pandas as pd
import pytest
from answer_builders import answer_parameters, selected_queries
from answer_builders import run_answer_generation as run
from chat_server import MODEL, ChatServer, likely
from pydantic import ValidationError

from instruction_tuning.answering.choice import rejection_reasons
from instruction_tuning.errors import BudgetExceededError, FailureRateError, InputError
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.protocol import Endpoint


@pytest.fixture
def server():
    with ChatServer() as started:
        yield started


def test_other_teachers_answer_the_same_queries_and_the_best_answer_of_all_is_taken(tmp_path, server):
    """The teacher rates all answers, and likes the other one's better."""

    def text(body, index):
        question = body["messages"][-1]["content"]
        if "[Response]" in question:
            return "Rating: 9" if "from the other" in question else "Rating: 7"
        return f"An answer number {index}."

    server.text = text
    with ChatServer() as other_server:
        other_server.text = lambda body, index: f"Answer {index} from the other."
        other = Endpoint(base_url=other_server.base_url, model="other")
        frames = run(tmp_path, selected_queries(1), server, num_samples=2, others=(other,))
        assert len(other_server.requests) == 1
    rated = frames["rated_responses"]
    assert rated["model"].tolist() == [MODEL, MODEL, "other", "other"]
    assert rated["sample_index"].tolist() == [0, 1, 2, 3]
    assert frames["verified_examples"]["answer"].str.contains("from the other").all()


def test_verified_and_rejected_are_the_selected_queries(tmp_path, server):
    def text(body, index):
        question = body["messages"][-1]["content"]
        if "[Response]" in question:
            return (
                "no comment"
                if "thing 2" in question
                else "Rating: 4"
                if "thing 4" in question
                else "Rating: 8"
            )
        return f"About {index}: 9" if index else "7"

    server.text = text
    queries = selected_queries(12)
    frames = run(tmp_path, queries, server)
    verified, rejected = frames["verified_examples"], frames["rejected_answers"]
    assert sorted([*verified["record_id"], *rejected["record_id"]]) == queries["record_id"].tolist()
    reasons = dict(zip(rejected["record_id"].str[-1], rejected["reason"], strict=True))
    # The teacher says 7 or 9 to every sum: right for 3 + 4 (record 1), wrong for the others.
    assert "1" not in reasons
    assert reasons["2"] == "unrated"
    assert reasons["4"] == "below_min_rating"
    assert reasons["5"] == "check_failed"
    assert set(verified["origin"]) == {"teacher"}
    assert frames["rated_responses"]["response_id"].nunique() == 48


def test_every_query_has_its_samples_and_every_response_a_rating_request(tmp_path, server):
    frames = run(tmp_path, selected_queries(3), server, price=1.0)
    completions = frames["teacher_completions"]
    assert completions["kind"].value_counts().to_dict() == {"answer": 12, "rating": 12}
    assert len(server.requests) == 3 + 12
    assert completions["price_usd"].sum() == pytest.approx(15 * 20 / 1e6)
    assert frames["rated_responses"]["rating"].between(6, 10).all()


def refuse_the_second(body, attempt):
    return {"status": 400} if "thing 2" in body["messages"][-1]["content"] else None


def test_what_responses_cost_adds_up_to_what_was_paid(tmp_path, server):
    # A request that failed was sent, and counts, too.
    server.fault = refuse_the_second
    frames = run(tmp_path, selected_queries(8), server, price=3.0, max_failure_rate=0.5)
    completions, responses = frames["teacher_completions"], frames["rated_responses"]
    assert responses["response"].isna().sum() == 4
    assert responses["requests"].sum() == completions["request_id"].nunique()
    for name in ("prompt_tokens", "completion_tokens"):
        assert responses[name].sum() == completions[name].sum() > 0
    assert responses["price_usd"].sum() == pytest.approx(completions["price_usd"].sum())


def test_why_queries_have_no_answer_follows_from_the_responses(tmp_path, server):
    server.text = lambda body, index: "Rating: 8" if "[Response]" in body["messages"][-1]["content"] else "7"
    server.fault = refuse_the_second
    queries = selected_queries(8)
    frames = run(tmp_path, queries, server, max_failure_rate=0.5)
    rejected = frames["rejected_answers"].set_index("record_id")["reason"]
    assert set(rejected) == {"no_response", "check_failed"}
    told = rejection_reasons(queries, frames["rated_responses"], frames["verified_examples"])
    assert told == rejected.to_dict()


def test_a_second_run_sends_nothing_and_gives_the_same_frames(tmp_path, server):
    first = run(tmp_path, selected_queries(4), server)
    sent = len(server.requests)
    second = run(tmp_path, selected_queries(4), server)
    assert len(server.requests) == sent
    for name, frame in first.items():
        pd.testing.assert_frame_equal(frame, second[name])


def test_a_larger_selection_pays_only_for_what_is_new(tmp_path, server):
    run(tmp_path, selected_queries(4), server)
    server.requests.clear()
    run(tmp_path, selected_queries(5), server)
    assert len(server.requests) == 1 + 4


def test_the_log_counts_in_words(tmp_path, server, caplog):
    caplog.set_level("INFO")
    run(tmp_path, selected_queries(4), server)
    told = [record.message for record in caplog.records if "nodes" in record.name]
    assert any("answers; checked: " in line and "; ratings: ok " in line for line in told)
    assert not any("{" in line for line in told)


def test_source_answers_need_no_endpoint(tmp_path, caplog):
    caplog.set_level("INFO")
    with ChatServer() as stopped:
        pass
    frames = run(tmp_path, selected_queries(5), stopped, strategy="source")
    assert frames["teacher_completions"].empty
    assert frames["rated_responses"].empty
    assert frames["verified_examples"]["check"].tolist() == ["passed", "none", "passed", "none"]
    assert frames["rejected_answers"]["reason"].tolist() == ["no_response"]
    assert not (tmp_path / "completions.sqlite").exists()
    assert "ratings" not in caplog.text, "nothing was rated"


def test_answers_and_ratings_share_one_budget(tmp_path, server):
    # 3 answer requests are 3 × 20 tokens of a dollar each; a rating may cost 64.
    with pytest.raises(BudgetExceededError, match=r"\$60\.0000 of the \$100\.0000"):
        run(tmp_path, selected_queries(3), server, price=1e6, budget_usd=100.0, num_samples=1, max_tokens=20)
    assert len(server.requests) == 3


@pytest.fixture
def judge(monkeypatch):
    """A second server with a model, a key and a price of its own: 10 cents a completion."""
    monkeypatch.setenv("JUDGE_KEY", "sk-the-judges-own-key")
    with ChatServer() as started:
        yield (
            started,
            Endpoint(
                base_url=started.base_url,
                model="test-judge",
                api_key_env="JUDGE_KEY",
                price_per_million_output_tokens=5e3,
            ),
        )


def test_a_judge_gets_the_ratings_and_the_teacher_the_answers(tmp_path, server, judge, caplog):
    caplog.set_level("DEBUG", "instruction_tuning")
    judging, endpoint = judge
    frames = run(tmp_path, selected_queries(3), server, price=1.0, judge=endpoint)
    assert (len(server.requests), len(judging.requests)) == (3, 12)
    assert not any("[Response]" in body["messages"][-1]["content"] for body in server.requests)
    assert all("[Response]" in body["messages"][-1]["content"] for body in judging.requests)
    assert {body["model"] for body in judging.requests} == {"test-judge"}
    assert judging.keys == {"Bearer sk-the-judges-own-key"} and not judging.keys & server.keys
    assert "sk-the-judges" not in caplog.text
    completions = frames["teacher_completions"]
    assert completions.groupby("kind")["model"].unique().str.join("").to_dict() == {
        "answer": MODEL,
        "rating": "test-judge",
    }
    # Each at its own price.
    paid = completions.groupby("kind")["price_usd"].sum()
    assert paid["answer"] == pytest.approx(3 * 20 / 1e6) and paid["rating"] == pytest.approx(1.2)


def test_another_judge_pays_for_ratings_alone(tmp_path, server, judge):
    first = run(tmp_path, selected_queries(3), server)
    server.requests.clear()
    judging, endpoint = judge
    second = run(tmp_path, selected_queries(3), server, judge=endpoint)
    assert (len(server.requests), len(judging.requests)) == (0, 12)
    pd.testing.assert_series_equal(
        first["rated_responses"]["response"], second["rated_responses"]["response"]
    )


def test_the_judges_price_is_held_by_the_same_budget(tmp_path, server, judge):
    judging, endpoint = judge
    # The answers are $60. A rating may cost 64 tokens, $0.32 at worst, and costs $0.10: six fit.
    with pytest.raises(BudgetExceededError, match=r"of the \$60\.9000"):
        run(
            tmp_path,
            selected_queries(3),
            server,
            price=1e6,
            judge=endpoint,
            budget_usd=60.9,
            num_samples=4,
            max_tokens=5,
            max_concurrency=1,
        )
    assert len(server.requests) == 3 and len(judging.requests) == 6


def test_an_empty_selection_is_refused(tmp_path, server):
    with pytest.raises(InputError, match="no selected query"):
        run(tmp_path, selected_queries(1).iloc[:0], server)


def test_a_misspelt_parameter_is_refused(tmp_path):
    with pytest.raises(ValidationError, match="num_sample\n"):
        answer_parameters(tmp_path, num_sample=3)


def test_a_teacher_that_cannot_rate_is_found_out_before_the_rest_is_paid_for(tmp_path, server):
    server.text = lambda body, index: f"I like trains. {index} {body['messages'][-1]['content'][:20]}"
    with pytest.raises(FailureRateError, match=r"32 of 32 replies hold no mark .* 'I like trains") as refused:
        run(tmp_path, selected_queries(30), server, num_samples=4)
    assert refused.value.field == "answer_generation.max_unreadable_rate"
    ratings = [body for body in server.requests if "[Response]" in body["messages"][-1]["content"]]
    assert len(ratings) == 32


def test_ratings_without_a_mark_are_tolerated_up_to_the_limit(tmp_path, server):
    server.text = lambda body, index: f"Answer {index} to {body['messages'][-1]['content'][:20]}"
    frames = run(tmp_path, selected_queries(3), server, max_unreadable_rate=1.0)
    assert set(frames["rated_responses"]["rating_status"]) == {"unparseable"}
    assert frames["verified_examples"].empty


def seven_or_eight(text):
    """The tokens of a rating; of other texts none is asked for."""
    return [
        likely("Rating"),
        likely(":"),
        likely(" 7", (" 7", 0.55), (" 8", 0.4), (" 3", 0.01), (" is", 0.04)),
    ]


def test_ratings_are_expected_values_where_it_is_said(tmp_path, server, caplog):
    caplog.set_level("INFO")
    server.text = lambda body, index: "Rating: 7" if "[Response]" in body["messages"][-1]["content"] else "9"
    server.logprobs = seven_or_eight
    frames = run(tmp_path, selected_queries(3), server, score_by="expected_value", min_rating=7.3)
    rated = frames["rated_responses"]
    assert rated["rating"].tolist() == pytest.approx([(7 * 0.55 + 8 * 0.4 + 3 * 0.01) / 0.96] * 12)
    assert rated["rating_covered_mass"].tolist() == pytest.approx([0.96] * 12)
    assert len(frames["verified_examples"])
    assert "expected values cover 0.960 of the probability in the mean" in caplog.text
    asked = [body for body in server.requests if body.get("logprobs")]
    assert asked and all("[Response]" in body["messages"][-1]["content"] for body in asked)
    sent = len(server.requests)
    again = run(tmp_path, selected_queries(3), server, score_by="expected_value", min_rating=7.3)
    assert len(server.requests) == sent
    pd.testing.assert_frame_equal(again["rated_responses"], rated)


def test_a_rating_that_cannot_be_scored_is_null_and_never_that_of_its_text(tmp_path, server):
    def tokens(text):
        covered = 0.4 if text == "Rating: 4" else 1.0
        number = text.removeprefix("Rating: ")
        words = [("so", 1 - covered)] if covered < 1 else []
        return [likely("Rating: "), likely(number, (number, covered), *words)]

    def text(body, index):
        question = body["messages"][-1]["content"]
        marks = {"thing 0": "Rating: 4", "thing 2": "Rating: 8.5", "thing 4": "Rating: 9"}
        if "[Response]" not in question:
            return "9"
        return next((mark for thing, mark in marks.items() if thing in question), "no comment")

    server.text, server.logprobs = text, tokens
    frames = run(
        *(tmp_path, selected_queries(6), server),
        num_samples=1,
        score_by="expected_value",
        max_unreadable_rate=1.0,
    )
    rated = frames["rated_responses"].set_index("prompt")
    assert rated["rating"].dropna().to_dict() == {"Tell me about thing 4.": 9.0}
    assert rated.loc[rated["rating"].isna(), "rating_status"].eq("unparseable").all()


def test_a_judge_without_probabilities_is_found_out_before_the_rest_is_paid_for(tmp_path, server):
    server.text = lambda body, index: f"Rating: 7, {index} {body['messages'][-1]['content'][-40:]}"
    with pytest.raises(FailureRateError, match="the reply came without logprobs, from which"):
        run(tmp_path, selected_queries(30), server, score_by="expected_value")
    assert sum(bool(body.get("logprobs")) for body in server.requests) <= 32


def json_of(rating, reason="It is right."):
    return json.dumps({"rating": rating, "reason": reason})


def test_ratings_are_asked_for_as_json_where_it_is_said(tmp_path, server):
    server.text = lambda body, index: json_of(8) if "response_format" in body else "9"
    frames = run(tmp_path, selected_queries(3), server, structured_output=True)
    assert frames["rated_responses"]["rating"].tolist() == [8.0] * 12
    (form,) = {json.dumps(body["response_format"]) for body in server.requests if "response_format" in body}
    schema = json.loads(form)["json_schema"]["schema"]
    assert schema["properties"]["rating"] == {"type": "integer", "enum": list(range(1, 11))}
    assert list(schema["properties"]) == schema["required"] == ["rating", "reason"]
    asked = [body["messages"][-1]["content"] for body in server.requests if "response_format" in body]
    assert all('{"rating": ..., "reason": "..."}' in question for question in asked)


def test_a_rating_that_does_not_fit_has_failed_with_its_reason(tmp_path, server):
    replies = {"thing 0": "Rating: 8", "thing 2": json_of(11), "thing 4": json_of(7.5), "thing 6": json_of(7)}

    def text(body, index):
        question = body["messages"][-1]["content"]
        if "response_format" not in body:
            return "9"
        return next((reply for thing, reply in replies.items() if thing in question), '{"rating": 8}')

    server.text = text
    frames = run(
        tmp_path, selected_queries(8), server, structured_output=True, num_samples=1, max_failure_rate=1.0
    )
    rated = frames["rated_responses"].set_index("prompt")
    assert rated["rating"].dropna().to_dict() == {"Tell me about thing 6.": 7.0}
    assert rated.loc[rated["rating"].isna(), "rating_status"].eq("failed").all()
    completions = frames["teacher_completions"]
    errors = completions.loc[completions["kind"] == "rating", "error"].dropna()
    assert errors.str.contains("is not JSON|does not fit schema rating").all() and len(errors) == 7


def test_a_rating_as_json_can_be_an_expected_value(tmp_path, server):
    def tokens(text):
        return [likely('{"rating": '), likely("8", ("8", 0.5), ("9", 0.5)), likely(text.partition("8")[2])]

    server.text = lambda body, index: json_of(8, "2 of 2") if "response_format" in body else "9"
    server.logprobs = tokens
    settings = {"structured_output": True, "score_by": "expected_value"}
    frames = run(tmp_path, selected_queries(2), server, **settings)
    assert frames["rated_responses"]["rating"].tolist() == pytest.approx([8.5] * 8)


def test_the_built_in_teacher_rates_in_json(tmp_path, server):
    served = TeacherServer.start(0, tmp_path / "teacher.log")
    judge = Endpoint(base_url=served.base_url, model=served.model)
    try:
        queries = selected_queries(8)
        frames = run(tmp_path, queries, server, judge=judge, structured_output=True, max_failure_rate=0.5)
    finally:
        served.stop()
    rated = frames["rated_responses"]
    assert rated["rating"].between(1, 10).mean() > 0.8
    ratings = frames["teacher_completions"].query("kind == 'rating' and status == 'ok'")["response"]
    assert ratings.map(json.loads).map(set).eq({"rating", "reason"}).all()
