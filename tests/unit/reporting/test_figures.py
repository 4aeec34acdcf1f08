import numpy as np
from reporting_builders import pool, rejected, training_log, verdict

from instruction_tuning.reporting.figures import (
    ability_figure,
    ingestion_figure,
    training_figure,
)


def test_the_ingestion_figure_ends_with_the_pool():
    figure = ingestion_figure(pool(), rejected())
    assert [list(bar.x) for bar in figure.data] == [
        [23, 22, 21, 21, 20, 20],  # alpaca
        [23, 23, 22, 22, 20, 20],  # belle
    ]


def test_the_training_figure_shows_both_curves_and_the_held_out_loss():
    figure = training_figure(training_log(), training_log(3), {"heldout_loss_before": 3.0})
    assert [trace.name for trace in figure.data] == ["SFT", "reward model", "held-out before: 3.000"]


def test_a_run_without_steps_can_be_drawn():
    training_figure(training_log(0), training_log(0), {"heldout_loss_before": 3.0})


def test_the_ability_figure_has_a_panel_a_form_and_error_bars_that_hold_the_interval():
    bars = ability_figure(verdict()["evidence"]).data
    assert [bar.name for bar in bars] == ["base", "candidate"] * 3
    assert list(bars[0].y) == ["math", "open qa", "mean over abilities"]
    low = np.array(bars[0].x) - np.array(bars[0].error_x.arrayminus)
    assert (low > 0).all() and (low < np.array(bars[0].x)).all()
