import pandas as pd
from reporting_builders import verdict

from instruction_tuning.reporting.model_card import model_card

TRAINED_ON = {
    "examples": 880,
    "documents": 220,
    "sources": {"belle": 100, "alpaca": 780},
    "languages": {"en": 700, "zh": 180},
    "licences": {"unknown": 880},
    "selected_queries": 1000,
    "pool_records": 4862,
    "sampler": "k-center",
    "digest": "fedcba9876543210",
}
FOLDER = "data/06_models/sft_model/2024-05-06T07.08.09.123Z/sft_model"


def card(trained_on=TRAINED_ON, with_champion=False):
    found = verdict()
    metrics, comparisons = (pd.DataFrame(found["evidence"][name]) for name in ("metrics", "comparisons"))
    if with_champion:
        champion = metrics[metrics["model_role"] == "base"].assign(model_role="champion")
        metrics = pd.concat([metrics, champion])
        comparisons = pd.concat([comparisons, comparisons.assign(reference_role="champion")])
    return model_card(metrics, comparisons, found, trained_on=trained_on, folder=FOLDER)


def test_the_card_names_the_weights_the_verdict_and_the_command():
    assert "digest `0123456789abcdef`" in card()
    assert "## Verdict: pass" in card()
    assert f"kedro run --pipeline=evaluation --params=candidate={FOLDER}\n" in card()


def test_the_card_names_what_the_model_was_trained_on():
    assert "880 examples and 220 pre-training documents; digest of the mixture `fedcba9876543210`" in card()
    assert "1,000 queries were selected from a pool of 4,862 records (k-center)" in card()
    assert "- sources: alpaca 780, belle 100\n" in card()


def test_a_licence_that_no_record_states_is_called_that():
    assert "- licences: not stated 880\n" in card()


def test_the_card_uses_the_names_that_people_read():
    assert "### Document form" in card() and "### Chat\n" in card()
    assert "macro" not in card() and "few_shot" not in card()


def test_a_model_from_elsewhere_has_unknown_training_data():
    assert "Unknown: the model's folder has no `training_data.json`." in card(trained_on={})


def test_a_champion_gets_its_scores_and_a_difference_of_its_own():
    lines = card(with_champion=True).splitlines()
    assert lines.count("| ability | base | candidate | champion | against base | against champion |") == 3
    rows = [line for line in lines if line.startswith(("| math", "| open qa", "| mean over abilities"))]
    assert all(row.count("[") == 5 for row in rows)


def test_two_sided_intervals_are_told_from_one_sided_checks():
    assert "intervals are two-sided" in " ".join(card().split()) and "one-sided tests" in card()


def test_every_form_has_a_table_with_all_abilities_and_intervals():
    lines = card().splitlines()
    rows = [line for line in lines if line.startswith(("| math", "| open qa", "| mean over abilities"))]
    assert len(rows) == 9
    assert all(row.count("[") == 3 for row in rows)


def test_the_card_says_what_it_does_not_measure():
    assert "## Limits" in card()


def test_examples_of_a_benchmarks_training_split_are_named_with_the_data_and_with_the_scores():
    told = card(trained_on=TRAINED_ON | {"in_distribution": {"gsm8k": 12, "arc": 3}})
    assert told.count("in-distribution for: gsm8k (12 training rows), arc (3 training rows).") == 2
    assert "in-distribution" not in card()
