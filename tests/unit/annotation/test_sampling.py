import pandas as pd
import pytest

from instruction_tuning.annotation import sampling
from instruction_tuning.annotation.tasks import KINDS
from instruction_tuning.schemas.annotation_tasks import AnnotationTasks


def question(text):
    return [{"role": "user", "content": text}]


def responses(records=6, samples=2):
    rows = [
        {
            **{"response_id": f"p{r}-{s}", "record_id": f"r{r}", "messages": question(f"Question {r}?")},
            **{"response": f"answer {r} {s}", "model": "teacher", "rating": float(r + 1), "check": "none"},
        }
        for r in range(records)
        for s in range(samples)
    ]
    return pd.DataFrame(rows)


def sample(candidates, number=3, seed=1):
    wanted = dict.fromkeys(KINDS, number)
    return sampling.sample_tasks(candidates, numbers=wanted, annotators=dict.fromkeys(KINDS, 2), seed=seed)


def test_the_order_of_rows_does_not_matter_and_more_tasks_include_the_fewer():
    frame = responses()
    shuffled = frame.sample(frac=1, random_state=3)
    few, same = (sample(sampling.correct_candidates(rows, max_rating=None)) for rows in (frame, shuffled))
    pd.testing.assert_frame_equal(few, same)
    more = sample(sampling.correct_candidates(frame, max_rating=None), number=5)
    assert more["task_id"].tolist()[:3] == few["task_id"].tolist()
    assert set(sample(sampling.correct_candidates(frame, max_rating=None), seed=2)["task_id"]) != set(
        few["task_id"]
    )
    AnnotationTasks.validate(few)


def test_only_low_rated_or_failed_answers_are_corrected_and_missing_ones_never():
    frame = responses()
    frame.loc[frame["response_id"] == "p5-0", "check"] = "failed"
    frame.loc[frame["response_id"] == "p0-0", "response"] = None
    chosen = {task.before_id for task in sampling.correct_candidates(frame, max_rating=2)}
    assert chosen == {"p0-1", "p1-0", "p1-1", "p5-0"}


def test_pairs_are_of_one_record_and_of_different_texts():
    frame = responses(records=3, samples=3)
    frame.loc[frame["response_id"] == "p0-1", "response"] = "answer 0 0"
    pairs = {(task.before_id, task.other_id) for task in sampling.compare_candidates(frame)}
    assert ("p0-0", "p0-1") not in pairs and len(pairs) == 2 + 3 + 3
    tasks = AnnotationTasks.validate(sample(sampling.compare_candidates(frame)))
    assert tasks["other"].notna().all() and tasks["annotators"].eq(2).all()


def test_equal_contents_are_one_task_and_a_frame_comes_back_as_tasks():
    examples = pd.DataFrame(
        {
            "record_id": ["r1", "r2"],
            "messages": [[*question("Q?"), {"role": "assistant", "content": "A"}]] * 2,
            "answer": ["A", "A"],
            "response_id": [None, "p2"],
            "origin": ["source", "teacher"],
        }
    )
    frame = AnnotationTasks.validate(sample(sampling.review_candidates(examples)))
    (task,) = sampling.tasks_of(frame)
    assert task.record_id == "r1" and task.messages == question("Q?") and task.before_id is None


@pytest.mark.parametrize("number", [0, 2])
def test_an_empty_list_has_the_columns_too(number):
    frame = AnnotationTasks.validate(sample([], number=number))
    assert frame.empty and list(frame) == sampling.COLUMNS
