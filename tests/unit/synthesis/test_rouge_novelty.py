"""The pruned index decides as a comparison with all does, and names the same nearest text."""

import random

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer

from instruction_tuning.synthesis.rouge_novelty import (
    THRESHOLD,
    Nearest,
    NoveltyIndex,
    longest_common,
    rouge_tokens,
)


def published(text: str, known: list[str]) -> tuple[int, float]:
    """The first of the nearest, by the library that Self-Instruct compares all pairs with."""
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    scores = [scorer.score(text, other)["rougeL"].fmeasure for other in known]
    best = max(scores)
    return scores.index(best), best


def sentences(count: int, *, words: int, longest: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [
        " ".join(f"w{int(rng.random() ** 2 * words)}" for _ in range(rng.randint(1, longest)))
        for _ in range(count)
    ]


@pytest.mark.parametrize(("words", "longest"), [(4, 12), (12, 12), (40, 30), (9, 150)])
def test_the_nearest_text_and_its_score_are_those_of_all_pairs(words: int, longest: int) -> None:
    known = sentences(40, words=words, longest=longest, seed=words)
    index = NoveltyIndex((str(number), text) for number, text in enumerate(known))
    for text in sentences(8, words=words + 1, longest=longest, seed=words + 1):
        number, score = published(text, known)
        found = index.ask(text)
        assert found.rouge_l == score, "to the last digit: what lies on the threshold falls on one side"
        assert found.key == (None if score == 0 else str(number))


def test_what_lies_on_the_threshold_falls_on_the_published_side() -> None:
    # Seven tokens in common of ten and ten, and all other pairs of lengths with F = 0.7.
    for a in range(1, 60):
        for b in range(1, 60):
            if 20 * (common := 7 * (a + b) // 20) == 7 * (a + b) and common <= min(a, b):
                known = " ".join(["x"] * common + ["y"] * (a - common))
                text = " ".join(["x"] * common + ["z"] * (b - common))
                score = RougeScorer(["rougeL"]).score(text, known)["rougeL"].fmeasure
                assert (NoveltyIndex([("k", known)]).ask(text).rouge_l > THRESHOLD) is (score > THRESHOLD)


def test_an_added_text_is_known_and_nothing_is_before() -> None:
    index = NoveltyIndex()
    assert index.ask("Sort the list.") == Nearest(None, 0.0)
    index.add("first", "Sort the list 3 1 2.")
    index.add("second", "Sort the list 3 1 2")
    index.add("empty", "...")
    assert index.ask("SORT the list: 3, 1, 2!") == Nearest("first", 1.0)
    assert index.ask("Name animals") == Nearest(None, 0.0) == index.ask("???")


def test_order_counts_where_the_overlap_is_full() -> None:
    index = NoveltyIndex([("known", "a b c d")])
    assert index.ask("d c b a").rouge_l == pytest.approx(0.25)
    assert index.ask("a a a a").rouge_l == pytest.approx(0.25), "a token counts as often as both have it"


def test_tokens_are_rouge_scores_without_chinese_and_characters_with_it() -> None:
    for text in ("Don't sort C++ or naïve_lists; 3.14!", "ΑΒΓ only Greek", "  ", "x" * 300):
        assert rouge_tokens(text) == DefaultTokenizer(use_stemmer=False).tokenize(text)
    assert rouge_tokens("把ABC 倒过来，12次。") == ["把", "abc", "倒", "过", "来", "12", "次"]
    assert NoveltyIndex([("k", "写一首关于秋天的诗")]).ask("写一首关于春天的诗").rouge_l == pytest.approx(
        8 / 9
    )


def test_subsequences_cross_the_words_of_a_machine() -> None:
    rng = np.random.default_rng(3)
    for length in (1, 63, 64, 65, 128, 200):
        ids = rng.integers(0, 5, length)
        others = rng.integers(0, 7, (8, 90)).astype(np.int32)
        table = np.zeros((8, length + 1, 91), dtype=int)
        for i in range(length):
            for j in range(90):
                grown = np.where(others[:, j] == ids[i], table[:, i, j] + 1, 0)
                table[:, i + 1, j + 1] = np.max([grown, table[:, i, j + 1], table[:, i + 1, j]], axis=0)
        assert longest_common(ids.tolist(), others).tolist() == table[:, -1, -1].tolist()
