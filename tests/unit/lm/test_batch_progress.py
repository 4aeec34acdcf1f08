import logging

import pytest

from instruction_tuning.lm.batch_progress import with_progress


def test_every_batch_comes_and_lines_count_the_tokens(caplog: pytest.LogCaptureFixture) -> None:
    batches = [[2, 0], [1], [3]]
    with caplog.at_level(logging.INFO):
        assert list(with_progress("losses", batches, [5, 3, 7, 1], every_seconds=0)) == batches
    told = [record.message.split(",")[0] for record in caplog.records]
    # After the last batch the caller has its own line.
    assert told == ["losses: 12 of 16 tokens", "losses: 15 of 16 tokens"]


def test_a_short_loop_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert list(with_progress("losses", [[0], [1]], [1, 1])) == [[0], [1]]
    assert not caplog.records
