"""How hooks find the run of a runner that they never see."""

from kedro.runner import SequentialRunner

from instruction_tuning.incremental.live import newest_run, run_of
from instruction_tuning.runner import InterruptibleRunner


def test_the_name_that_kedro_hands_to_hooks_knows_the_run():
    first, second = InterruptibleRunner(force=True), InterruptibleRunner()
    assert run_of({"runner": str(first)}) is first.incremental
    assert run_of({"runner": str(second)}) is second.incremental is newest_run()
    assert "kedro.runner.sequential_runner.SequentialRunner" in str(first)


def test_another_runner_and_a_name_alone_have_no_run():
    assert run_of({"runner": str(SequentialRunner())}) is None
    assert run_of({"runner": repr(InterruptibleRunner())}) is None
    assert run_of({}) is None
