"""When checkpoints are written, and what ctrl-C does meanwhile."""

import signal

import pytest

from instruction_tuning.training.checkpoints import SavingClock, stop_requests


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_it_is_time_to_save_once_the_seconds_have_gone_by_since_the_last_one() -> None:
    now = Time()
    clock = SavingClock(60, now)
    now.seconds = 59
    assert not clock.is_due()
    now.seconds = 60
    assert clock.is_due()
    clock.starts()
    now.seconds = 61
    clock.ended()
    now.seconds = 120
    assert not clock.is_due()
    now.seconds = 121
    assert clock.is_due()


def test_a_model_that_takes_long_to_write_is_saved_more_rarely() -> None:
    now = Time()
    clock = SavingClock(60, now)
    clock.starts()
    now.seconds = 30  # half of the interval for the writing alone
    clock.ended()
    now.seconds = 30 + 299
    assert not clock.is_due()
    now.seconds = 30 + 300
    assert clock.is_due()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_signal_waits_for_the_end_of_the_step(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    reached = False
    with pytest.raises(KeyboardInterrupt), stop_requests() as request:
        signal.raise_signal(number)
        reached = request.is_made
    assert reached
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_wait() -> None:
    with pytest.raises(KeyboardInterrupt), stop_requests():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second signal was only noted")


def test_a_background_job_goes_on_ignoring_ctrl_c() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_requests() as request:
            signal.raise_signal(signal.SIGINT)
        assert not request.is_made
    finally:
        signal.signal(signal.SIGINT, before)
