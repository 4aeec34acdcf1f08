import pandas as pd
import pytest
from reporting_builders import pool, rejected, selected, stored_run

from instruction_tuning.reporting.run_report import run_report
from instruction_tuning.reporting.run_summary import summarise
from instruction_tuning.reporting.wording import WIDTH, display_width

PAGE = "data/08_reporting/run_dashboard.html/2024-05-06T07.08.09.123Z/run_dashboard.html"


def report(**others):
    return run_report(summarise(**stored_run(**others)), page=PAGE)


def words(text):
    return " ".join(text.split())


def test_the_rows_that_came_in_are_those_kept_and_those_dropped():
    assert "46 rows came in (alpaca 23, belle 23)" in report()
    assert "40 are in the pool; 6 were dropped" in report()
    assert "Flagged, but in the pool: refusal 1." in report()


def test_each_reason_for_dropping_has_its_count_and_share():
    assert "near_duplicate: similar_prompt 3 6.5%" in words(report())


def test_what_the_teacher_cost_is_counted_over_all_queries():
    text = words(report())
    assert "7 requests to microworld-teacher brought 3 answers and a readable rating for 2 of them." in text
    assert "1 answer or rating never came." in text
    assert "280 tokens in and 140 out: $0.2800, whichever run paid." in text
    kept = len(stored_run()["verified_examples"])
    assert f"Each of those that have one took ${0.28 / kept:.5f}." in text


def test_fewer_requests_than_ratings_are_explained_and_unreadable_ratings_are_no_ratings():
    answers = stored_run()["rated_responses"]
    doubled = pd.concat([answers, answers.tail(1)]).assign(rating_status=["ok", "unparseable", "ok", "ok"])
    text = words(report(rated_responses=doubled))
    assert "4 answers and a readable rating for 3 of them" in text
    assert "(1 answer equal to another shared its rating; 1 rating held no number)" in text


def test_the_selection_is_explained_without_ids():
    text = words(report())
    assert "Method k-center: each pick is the record farthest from all earlier ones" in text
    assert "(distance 1.40 for the 2nd pick, 0.60 for the last)." in text


@pytest.mark.parametrize(
    ("sampler", "sentence"),
    [("uniform", "Method uniform: each record"), ("tag_cover", "Method tag_cover.")],
)
def test_other_samplers_are_named(sampler, sentence):
    chosen = stored_run()["selected_queries"].assign(sampler=sampler)
    assert sentence in words(report(selected_queries=chosen))


def test_an_unknown_price_is_not_called_zero():
    responses = stored_run()["rated_responses"].assign(price_usd=[None, 0.04, 0.04])
    assert "price unknown" in words(report(rated_responses=responses))


def test_why_queries_have_no_answer_is_counted():
    text = words(report())
    assert "8 queries have an answer to train on, 2 have none (check_failed 1, unrated 1)." in text


def test_a_wrong_sum_is_told_from_an_answer_that_is_malformed_or_cannot_be_checked():
    assert "Of the 2 answers whose sum can be checked 1 was wrong. Mean" in words(report())
    answers = stored_run()["rated_responses"]
    empty = answers.assign(response=["4", "It is 6.", ""], check=["passed", "failed", "failed"])
    text = words(report(rated_responses=empty))
    assert "can be checked 1 was wrong. 1 answer was malformed (empty, refusing, wrong language)" in text


def test_the_page_with_the_figures_is_named():
    assert f"    {PAGE}" in report().splitlines()


def test_the_abilities_stand_with_their_intervals_in_every_form():
    line = next(line for line in report().splitlines() if line.strip().startswith("open qa"))
    assert line.count("→") == line.count("[") == 3
    assert "10→80 +70.0 [" in line


def test_the_verdict_gives_every_check():
    text = words(report())
    assert "Verdict: PASS" in text
    assert "+ gains in chat: passed" in text and "+ keeps document form: passed" in text


def test_the_reward_model_shows_held_out_accuracy_and_best_of_n():
    text = words(report())
    assert "73.0% [60.0%, 80.0%] right on 50 pairs held out from SFT too." in text
    assert "right sums (14 held-out sums) n=1 50.0%, n=4 70.0%; n=4 less n=1: +20.0 points" in text
    assert "(95% interval -5.0 to +41.0)" in text


def test_best_of_n_over_a_handful_of_sums_has_no_interval():
    few = {"best_of_n/checked_prompts": 1.0, "best_of_n/pass_rate_at_1": 0.5, "best_of_n/pass_rate_at_2": 1.0}
    text = words(report(reward_metrics=few | {"best_of_n/pass_rate_gain": 0.5}))
    assert "right sums (1 held-out sum) n=1 50.0%, n=2 100.0%; n=2 less n=1: +50.0 points" in text
    assert "(too few for an interval)" in text


def test_without_sums_best_of_n_shows_the_reward_and_claims_no_gain():
    rewards = {"best_of_n/prompts": 3.0, "best_of_n/reward_at_1": -0.5, "best_of_n/reward_at_2": 0.25}
    text = words(report(reward_metrics=rewards))
    assert "its own reward, which can only rise (3 held-out questions) n=1 -0.50, n=2 +0.25." in text


def test_one_name_for_one_thing_wherever_a_person_reads():
    text = report()
    assert "document form" in text and "mean over abilities" in text
    for internal in ("document_few_shot", "chat_few_shot", "macro"):
        assert internal not in text


def test_why_a_row_was_rejected_has_a_line_of_its_own():
    long = rejected().assign(
        detail="the same as row 885 of alpaca (79968cf200df:884)", raw='{"x": "' + "y" * 300
    )
    lines = report(rejected_records=long).splitlines()
    assert "      because: the same as row 885 of alpaca (79968cf200df:884)" in lines


def test_ten_records_can_be_read_if_there_are_so_many_reasons():
    many = pd.concat([rejected(), rejected().assign(reason="wrong_type")])
    text = report(rejected_records=many)
    assert "   8. answered by teacher, rated 8, check passed" in text
    assert "  10. unseen item, summarization" in text and "  11. " not in text
    assert "kept, " in text and "⇒ It is so." in text


def test_what_base_and_sft_said_to_an_unseen_item_stands_below_the_right_answer():
    lines = report().splitlines()
    start = lines.index("   8. unseen item, open qa, with a right answer")
    assert lines[start : start + 8] == [
        "   8. unseen item, open qa, with a right answer",
        "      What is <open_qa>? ⇒ Miran",
        "      base, wrong: Q: What",
        "      SFT, right: It is Miran.",
        "   9. unseen item, summarization, with a right answer",
        "      What is <summarization>? ⇒ Miran",
        "      base, wrong: (no answer)",
        "      SFT, score 0.50: It is Miran.",
    ]


def test_a_verdict_from_before_answers_were_kept_is_reported_too():
    verdict = stored_run()["promotion_verdict"]
    evidence = {name: value for name, value in verdict["evidence"].items() if name != "answer_pairs"}
    assert "unseen item" not in report(promotion_verdict=verdict | {"evidence": evidence})


def test_the_report_fits_a_terminal():
    lines = report().splitlines()
    assert max(display_width(line) for line in lines) <= WIDTH
    assert len(lines) <= 75


def test_a_long_record_with_line_breaks_and_control_characters_stays_on_its_line():
    run = stored_run()
    nasty = run["instruction_pool"].assign(prompt="很长的问题\r\n\x1b[31m" * 200, answer="a\tb" * 400)
    lines = report(instruction_pool=nasty).splitlines()
    assert max(display_width(line) for line in lines) <= WIDTH
    assert not any("\x1b" in line for line in lines)


def test_a_run_without_teacher_and_reward_model_says_so():
    run = stored_run()
    text = report(
        verified_examples=selected(pool()).assign(origin="source", rating=None, check="none"),
        rated_responses=run["rated_responses"].head(0),
        reward_metrics={},
    )
    assert "No teacher was called." in text
    assert "Reward model: none was trained." in text
    assert "10 queries have an answer to train on, 0 have none." in text


def test_a_teacher_that_never_answered_is_still_paid_for():
    nothing = {"response": None, "check": "none", "rating": float("nan"), "rating_status": "failed"}
    text = words(report(rated_responses=stored_run()["rated_responses"].assign(**nothing)))
    assert "7 requests to microworld-teacher brought 0 answers" in text
    assert "3 answers or ratings never came." in text and "2 have none (no_response 2)." in text


def test_the_same_frames_give_the_same_report():
    assert report() == report()


def test_counting_leaves_the_frames_alone():
    run = stored_run()
    before = {name: value.copy(deep=True) for name, value in run.items() if isinstance(value, pd.DataFrame)}
    summarise(**run)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(run[name], frame)


@pytest.mark.parametrize("metrics", [{}, {"heldout_loss_before": 2.0}])
def test_a_loss_that_was_not_measured_is_named_so(metrics):
    assert "not measured" in report(sft_metrics=metrics)


def test_answered_records_of_a_benchmarks_training_split_are_named_beside_the_scores():
    frames = stored_run()
    answered = set(frames["verified_examples"]["record_id"])
    queries = frames["selected_queries"]
    flags = [["in_distribution:gsm8k"] if record in answered else [] for record in queries["record_id"]]
    text = words(report(selected_queries=queries.assign(flags=flags)))
    assert f"in-distribution for: gsm8k ({len(answered & set(queries['record_id']))} training rows)." in text
    assert "in-distribution" not in report()
