import pandas as pd
from reporting_builders import verdict

from instruction_tuning.reporting.model_card import model_card


def card():
    found = verdict()
    return model_card(
        pd.DataFrame(found["evidence"]["metrics"]), pd.DataFrame(found["evidence"]["comparisons"]), found
    )


def test_the_card_names_the_weights_the_verdict_and_the_command():
    assert "digest `0123456789abcdef`" in card()
    assert "## Verdict: pass" in card()
    assert "kedro run --pipeline=evaluation --params=candidate=" in card()


def test_every_form_has_a_table_with_all_abilities_and_intervals():
    lines = card().splitlines()
    rows = [line for line in lines if line.startswith(("| arithmetic", "| facts", "| macro"))]
    assert len(rows) == 9
    assert all(row.count("[") == 3 for row in rows)


def test_the_card_says_what_it_does_not_measure():
    assert "## Limits" in card()
