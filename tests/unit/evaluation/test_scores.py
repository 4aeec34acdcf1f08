import pandas as pd
import pytest
from benchmark_builders import answers

from instruction_tuning.errors import InputError
from instruction_tuning.evaluation.scores import benchmark_comparisons, benchmark_metrics
from instruction_tuning.schemas.benchmark_comparisons import BenchmarkComparisons
from instruction_tuning.schemas.benchmark_metrics import BenchmarkMetrics
from instruction_tuning.schemas.benchmark_outputs import BenchmarkOutputs


def measured(base, candidate):
    """Answers of two abilities of ten and twenty items; the given numbers are right."""
    rows = [
        answers(role, right, ability=ability, items=items)
        for role, rights in (("base", base), ("candidate", candidate))
        for ability, items, right in zip(("math", "open_qa"), (10, 20), rights, strict=True)
    ]
    return pd.concat(rows, ignore_index=True)


def row(frame, **values):
    for column, value in values.items():
        frame = frame[frame[column] == value]
    return frame.iloc[0]


def test_accuracy_is_the_share_of_right_answers_and_macro_their_mean():
    metrics = benchmark_metrics(measured(base=(1, 4), candidate=(5, 20)), confidence=0.95)
    assert row(metrics, model_role="base", ability="open_qa")["accuracy"] == 0.2
    assert row(metrics, model_role="candidate", ability="macro")["accuracy"] == 0.75
    assert row(metrics, model_role="candidate", ability="macro")["items"] == 30


def test_the_extraction_rate_counts_answers_that_could_be_read():
    outputs = pd.concat(
        [answers("base", 3, items=3), answers("base", 0, items=1, readable=False).assign(item_id="open_qa-9")]
    )
    assert row(benchmark_metrics(outputs, confidence=0.95), ability="open_qa")["extraction_rate"] == 0.75


def test_differences_are_candidate_minus_base_by_item():
    outputs = pd.concat([answers("base", [1, 1, 0, 0]), answers("candidate", [1, 0, 1, 1])])
    compared = row(benchmark_comparisons(outputs, confidence=0.95), ability="open_qa")
    assert (compared["gained"], compared["lost"], compared["difference"]) == (2, 1, 0.25)


def test_partial_credit_counts_as_so_much_of_an_answer():
    outputs = pd.concat([answers("base", [0.5, 1, 0, 0]), answers("candidate", [1, 0.75, 0, 1])])
    assert (
        row(benchmark_metrics(outputs, confidence=0.95), model_role="base", ability="open_qa")["accuracy"]
        == 0.375
    )
    compared = row(benchmark_comparisons(outputs, confidence=0.95), ability="open_qa")
    assert (compared["gained"], compared["lost"], compared["difference"]) == (1.5, 0.25, 0.3125)


def test_what_does_not_count_is_reported_and_left_out_of_the_mean():
    extra = [
        answers(role, 4, ability="dialogue", items=4).assign(counted=False) for role in ("base", "candidate")
    ]
    outputs = pd.concat([measured(base=(0, 0), candidate=(10, 20)), *extra])
    metrics = benchmark_metrics(outputs, confidence=0.95)
    assert row(metrics, model_role="base", ability="dialogue")["accuracy"] == 1
    assert row(metrics, model_role="base", ability="macro")["accuracy"] == 0
    comparisons = benchmark_comparisons(outputs, confidence=0.95)
    assert not row(comparisons, ability="dialogue")["counted"]
    assert row(comparisons, ability="macro")["items"] == 30


def test_the_frames_fit_their_schemas():
    outputs = measured(base=(0, 0), candidate=(10, 20))
    BenchmarkOutputs.validate(outputs)
    BenchmarkMetrics.validate(benchmark_metrics(outputs, confidence=0.95))
    BenchmarkComparisons.validate(benchmark_comparisons(outputs, confidence=0.95))


def test_scoring_leaves_the_answers_alone():
    outputs = measured(base=(1, 4), candidate=(5, 20))
    before = outputs.copy(deep=True)
    benchmark_metrics(outputs, confidence=0.95)
    benchmark_comparisons(outputs, confidence=0.95)
    pd.testing.assert_frame_equal(outputs, before)


def test_models_measured_on_different_items_are_not_compared():
    outputs = pd.concat([answers("base", 1, items=3), answers("candidate", 1, items=4)])
    with pytest.raises(InputError, match=r"not about the same items \(record open_qa-3"):
        benchmark_comparisons(outputs, confidence=0.95)
