from instruction_tuning.reporting.reward_model_card import reward_model_card

METRICS = {
    "train_pairs": 1400.0,
    "overlength_pairs": 3.0,
    "responses": 4000.0,
    "unrated": 12.0,
    "ties_dropped": 900.0,
    "below_min_margin": 2100.0,
    "beyond_max_pairs": 0.0,
    "heldout_accuracy": 0.712,
    "heldout_ci_low": 0.68,
    "heldout_ci_high": 0.745,
    "heldout_pairs": 510.0,
    "heldout_records": 120.0,
    "clear_heldout_accuracy": 0.9,
    "clear_heldout_ci_low": 0.85,
    "clear_heldout_ci_high": 0.94,
    "clear_heldout_pairs": 200.0,
    "clear_heldout_records": 90.0,
    "best_of_n/prompts": 40.0,
    "best_of_n/checked_prompts": 16.0,
    "best_of_n/pass_rate_at_1": 0.5,
    "best_of_n/pass_rate_at_8": 0.75,
}
RULES = {"min_margin": 3.0, "max_pairs": 1500, "max_length": 512}


def card(metrics=METRICS):
    return reward_model_card(
        metrics, digest="a" * 16, sft_digest="b" * 16, trained_on={"digest": "c" * 16}, rules=RULES
    )


def test_the_card_says_how_often_it_is_right_on_all_pairs_and_on_the_clear_ones():
    assert "| all | 71.2 [68.0, 74.5] | 510 | 120 |" in card()
    assert "| clear: 3 points or more between the ratings | 90.0 [85.0, 94.0] | 200 | 90 |" in card()
    assert "n=1 50.0%, n=8 75.0%" in card()


def test_the_card_says_which_pairs_were_used_and_why_others_were_not():
    text = card()
    assert "- trained on 1,400 pairs\n- made of 4,000 answers, 12 of them unrated\n" in text
    assert "- left out: 900 pairs of equal rating or text" in text
    assert "- left out: 2,100 pairs of which the ratings differ by less than 3 points" in text
    assert "- left out: 3 pairs longer than 512 tokens" in text
    assert "max_pairs" not in text


def test_the_card_names_the_weights_and_what_they_were_made_from():
    assert f"digest `{'a' * 16}`" in card()
    assert f"the fine-tuned model `{'b' * 16}`, trained on the mixture `{'c' * 16}`." in card()


def test_what_was_not_measured_is_called_unknown():
    text = card({"train_pairs": 5.0})
    assert "Unknown: no pair was held out" in text and "Best of n" not in text
    assert "- trained on 5 pairs" in text and "left out" not in text
