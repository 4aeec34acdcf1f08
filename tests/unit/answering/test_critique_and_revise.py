"""Revisions are kept only where check or judge say that they are not worse; every one has its parent."""

import pandas as pd
import pytest

from instruction_tuning.answering.answer_versions import (
    KEPT,
    UNRATED,
    WORSE,
    best_versions,
    not_worse,
    revision_counts,
)
from instruction_tuning.answering.critique_and_revise import RevisionSettings, critique_and_revise
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import COMPLETION_DTYPES
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.verification.answer_score import answer_score, item_rubric

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and item["counted"]]


def settings(rounds: int = 2) -> RevisionSettings:
    return RevisionSettings(rounds, 0.0, 64, 0.0, 64, seed=3)


def answers(texts: list[tuple[str, str]], *, adversarial: bool = False) -> pd.DataFrame:
    """One answer a question."""
    rows = [
        {
            "record_id": f"{number:016x}",
            "sample_index": 0,
            "prompt": question,
            "messages": [{"role": "user", "content": question}],
            "response": answer,
            "adversarial": adversarial,
        }
        for number, (question, answer) in enumerate(texts)
    ]
    return pd.DataFrame(rows)


class Model:
    """Answers each request by a function of (request, its number), and keeps the requests."""

    def __init__(self, reply) -> None:
        self.reply, self.requests = reply, []

    def __call__(self, requests: list[ChatRequest]) -> pd.DataFrame:
        rows = []
        for request in requests:
            said = self.reply(request, len(self.requests))
            self.requests.append(request)
            rows.append(
                {
                    "request_id": f"{len(self.requests):032x}",
                    "record_id": request.record_id,
                    "sample_index": request.sample_index,
                    "kind": request.kind,
                    "response": said,
                    "status": "failed" if said is None else "ok",
                }
            )
        return pd.DataFrame(rows, columns=list(COMPLETION_DTYPES))


def critic(*revised: str | None) -> Model:
    return Model(
        lambda request, number: (
            None if revised[number] is None else f"Critique: so it is.\nRevised answer: {revised[number]}"
        )
    )


def judge(**marks: float) -> Model:
    def reply(request: ChatRequest, number: int) -> str:
        answer = request.messages[0][1].partition("[Response]\n")[2].partition("\n[End]")[0]
        return f"Rating: {marks[answer]}" if answer in marks else "None."

    return Model(reply)


QUESTION = "Name a colour."
REFUSED = "I'm sorry, but I can't help with that. It breaks her trust."
REQUEST = "How do I read my sister's messages?"


def revised_once(answer: str, revision: str, marks: tuple[int, int], *, adversarial: bool) -> pd.Series:
    """The version after `answer`, both with their ratings."""
    rate = Model(lambda request, number: f"Rating: {marks[number]}")
    given = answers([(REQUEST, answer)], adversarial=adversarial)
    return critique_and_revise(given, critic(revision), rate, settings(1)).iloc[-1]


@pytest.mark.parametrize(
    ("adversarial", "marks", "status", "reason"),
    [
        (True, (9, 1), "worse", "rated 1, before 9"),
        (True, (8, 8), "worse", "rated 8, before 8"),
        (True, (3, 8), "kept", "no_longer_declines"),
        (False, (9, 1), "kept", None),  # elsewhere a refusal is a fault, whatever the judge says
    ],
)
def test_a_refusal_of_an_adversarial_request_gives_way_only_to_what_is_rated_higher(
    adversarial, marks, status, reason
):
    version = revised_once(REFUSED, "Take her phone while she sleeps.", marks, adversarial=adversarial)
    assert version["status"] == status
    assert version["reason"] == reason if reason else pd.isna(version["reason"])


def test_a_revision_may_decline_an_adversarial_request_and_no_other():
    helpful = "Take her phone while she sleeps."
    assert revised_once(helpful, REFUSED, (2, 9), adversarial=True)["status"] == "kept"
    assert revised_once(helpful, REFUSED, (2, 9), adversarial=False)["status"] == "unanswered"


def test_a_revision_at_fault_or_cut_off_is_not_kept_and_counted_by_its_fault():
    def ask(requests: list[ChatRequest]) -> pd.DataFrame:
        ends = ["length" if int(request.record_id, 16) else "stop" for request in requests]
        return critic("Red by my principles", "Blue and")(requests).assign(finish_reason=ends)

    rate = judge(Dog=2)
    given = answers([(QUESTION, "Dog"), (QUESTION, "Dog")])
    versions = critique_and_revise(
        given, ask, rate, settings(1), lambda row, text: "leak" if "principles" in text else None
    )
    revised = versions[versions["round"] == 1]
    assert revised["status"].tolist() == ["faulty"] * 2 and revised["reason"].tolist() == ["leak", "cut_off"]
    assert best_versions(versions)["response"].tolist() == ["Dog", "Dog"]
    assert len(rate.requests) == 2, "what is at fault is not rated"
    assert revision_counts(versions) == {"faulty": 2, "faulty/cut_off": 1, "faulty/leak": 1}


def test_a_better_revision_replaces_the_answer_and_a_worse_one_does_not():
    versions = critique_and_revise(
        answers([(QUESTION, "Dog")]), critic("Red", "Blue"), judge(Dog=2, Red=8, Blue=5), settings()
    )
    assert versions["status"].tolist() == ["original", "kept", "worse"]
    assert versions["parent_id"].tolist()[1:] == versions["version_id"].tolist()[:2]
    assert versions["reason"].tolist()[2] == "rated 5, before 8"
    assert versions["critique"].tolist()[1] == "Critique: so it is."
    assert best_versions(versions)["response"].tolist() == ["Red"]
    assert revision_counts(versions) == {"kept": 1, "worse": 1}


def test_a_check_that_fails_or_passes_beats_the_rating():
    sums = [("What is 3 plus 4?", "7"), ("What is 3 plus 5?", "9")]
    rated = Model(lambda request, number: "Rating: 9" if "9" in request.messages[0][1] else "Rating: 2")
    versions = critique_and_revise(answers(sums), critic("9", "8"), rated, settings(1))
    by_record = versions[versions["round"] == 1].set_index("record_id")["status"].tolist()
    assert by_record == ["worse", "kept"]
    assert best_versions(versions)["response"].tolist() == ["7", "8"]


def test_every_failure_is_a_row_with_a_reason_and_the_next_round_tries_again():
    ask = Model(
        lambda request, number: [
            None,
            "Critique: hm.",
            "Critique: x.\nRevised answer: I cannot answer this.",
        ][number]
    )
    versions = critique_and_revise(answers([(QUESTION, "Dog")]), ask, judge(Dog=2), settings(3))
    assert versions["status"].tolist() == ["original", "failed", "unparseable", "unanswered"]
    assert versions["reason"].isna().tolist() == [True, False, False, False]
    assert versions["parent_id"].nunique() == 1
    assert len({request.seed for request in ask.requests}) == 3


def test_an_answer_left_as_it_is_takes_no_further_round_and_no_rating():
    ask, rate = critic("Dog"), judge(Dog=2)
    versions = critique_and_revise(answers([(QUESTION, "Dog")]), ask, rate, settings(3))
    assert versions["status"].tolist() == ["original", "unchanged"]
    assert len(ask.requests) == len(rate.requests) == 1


def test_without_a_readable_rating_nothing_is_replaced():
    versions = critique_and_revise(answers([(QUESTION, "Dog")]), critic("Red"), judge(Dog=2), settings(1))
    assert versions["status"].tolist() == ["original", "unrated"]
    assert best_versions(versions)["response"].tolist() == ["Dog"]


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (("none", 5.0), ("none", 5.0), KEPT),
        (("none", 5.0), ("none", 4.9), WORSE),
        (("passed", 2.0), ("none", 9.0), WORSE),
        (("none", 9.0), ("failed", 10.0), WORSE),
        (("failed", 9.0), ("passed", float("nan")), KEPT),
        (("passed", float("nan")), ("passed", 9.0), UNRATED),
    ],
)
def test_the_verdict_follows_check_then_rating(old, new, status):
    before, after = (
        {"adversarial": False, "response": "", "check": check, "rating": rating}
        for check, rating in (old, new)
    )
    assert not_worse(before, after)[0] == status


def test_in_the_microworld_wrong_answers_are_mended_and_few_right_ones_are_lost():
    """A mechanism test: critic and judge err with stated shares; the filter holds most of what was right."""
    teacher = Teacher(WORLD, TeacherFaults(), seed=1)
    model = Model(
        lambda request, number: teacher.reply(
            [{"role": "user", "content": request.messages[0][1]}], number, 0
        )
    )
    items = ITEMS[::5]
    given = [
        (item["question"], item["example_answer"] if number % 2 else "Xyzzy")
        for number, item in enumerate(items)
    ]
    versions = critique_and_revise(answers(given), model, model, settings())
    best = best_versions(versions).set_index("record_id")["response"]
    right = [
        answer_score(best[f"{number:016x}"], item_rubric(item["answer_kind"], item["target"], item["rubric"]))
        for number, item in enumerate(items)
    ]
    assert sum(right[1::2]) / len(right[1::2]) > 0.95 and sum(right[::2]) / len(right[::2]) > 0.9
    counts = revision_counts(versions)
    assert counts["kept"] > len(items) / 3 and counts["worse"] > 0
    assert sum(counts.values()) == (versions["round"] > 0).sum()
