import pytest

from instruction_tuning.decontamination.items import EvaluationItem, pool_texts
from instruction_tuning.decontamination.rules import TokenShareRules
from instruction_tuning.decontamination.token_share import token_share_matches

WORDS = [first + second for first in "bdfgk" for second in ("a", "e", "i", "o", "u", "an", "en", "in")]
ITEM = " ".join(WORDS)


def changed(*places):
    return " ".join("other" if n in places else word for n, word in enumerate(WORDS))


def share(prompts, item=ITEM, **rules):
    texts = pool_texts([[{"role": "user", "content": prompt}] for prompt in prompts], answers=True)
    found = token_share_matches(texts, [EvaluationItem("b", "1", "test", item)], TokenShareRules(**rules))
    return round(found.item_shares.get(0, -1), 3), [(m.text, round(m.share, 3)) for m in found.matches]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (ITEM, 1.0),
        (" ".join(WORDS[:10]), 0.0),  # more than ten tokens in a row, not ten
        (" ".join(WORDS[:11]), 11 / 40),
        (changed(12, 20, 25, 30), 1.0),  # four differ
        (changed(12, 20, 25, 30, 35), 35 / 40),  # the fifth ends the match, and what is left is too short
        (changed(39), 39 / 40),  # none at the end
        (changed(5), 34 / 40),  # none among the first ten of a match
    ],
)
def test_a_match_is_long_and_differs_in_few_places_none_of_them_at_its_ends(prompt, expected):
    assert share([f"Well then {prompt} and so on"]) == (
        round(expected, 3),
        [(0, round(expected, 3))] if expected >= 0.8 else [],
    )


def test_an_item_may_be_dirty_by_two_records_of_which_neither_is_removed():
    assert share([" ".join(WORDS[:20]), " ".join(WORDS[20:])]) == (1.0, [])


def test_items_up_to_ten_tokens_are_too_short():
    texts = pool_texts([[{"role": "user", "content": "a b c"}]], answers=True)
    item = EvaluationItem("b", "1", "test", " ".join(WORDS[:10]))
    assert token_share_matches(texts, [item], TokenShareRules()).too_short == {0}
