import re
from pathlib import Path

import numpy as np
import pytest

from instruction_tuning.dedup.lsh_candidates import candidate_pairs
from instruction_tuning.dedup.lsh_settings import SHOWN_SIMILARITIES, LshSettings, derived
from instruction_tuning.dedup.shingles import Shingles


def test_the_curve_is_that_of_the_formula():
    published = LshSettings(bands=14, rows=8)  # datatrove's defaults, whose page states these two values
    assert published.threshold == pytest.approx(0.72, abs=0.005)
    assert published.candidate_probability(0.8) == pytest.approx(0.924, abs=0.001)
    assert "steepest at 0.72" in published.in_words() and "0.9235 at 0.8" in published.in_words()


def test_derived_settings_have_the_most_rows_that_still_find_enough():
    settings = derived(128, 0.8, 0.99)
    assert (settings.bands, settings.rows) == (21, 6)
    assert settings.candidate_probability(0.8) >= 0.99
    assert LshSettings(128 // 7, 7).candidate_probability(0.8) < 0.99
    assert derived(128, 0.8, 0.9).rows > settings.rows


def test_the_table_in_the_documents_is_what_is_derived():
    page = (Path(__file__).parents[3] / "docs" / "duplicates.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (0\.\d+) \| (\d+) \| ([\d.]+) \| (\d+) × (\d+) \| (.+) \|$", page, re.MULTILINE)
    assert len(rows) == 3
    for threshold, permutations, recall, bands, of_rows, curve in rows:
        settings = derived(int(permutations), float(threshold), float(recall))
        assert settings == LshSettings(int(bands), int(of_rows))
        known = [f"{settings.threshold:.2f}"]
        known += [f"{settings.candidate_probability(value):.4f}" for value in SHOWN_SIMILARITIES]
        assert curve.split(" | ") == known


def test_one_of_the_two_may_be_given():
    assert derived(120, 0.8, 0.99, bands=20) == LshSettings(20, 6) == derived(120, 0.8, 0.99, rows=6)
    assert derived(120, 0.8, 0.99, bands=20, rows=6) == LshSettings(20, 6)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bands": 20, "rows": 5}, r"bands \(20\) times rows \(5\) is 100, not permutations \(120\)"),
        ({"bands": 21}, r"permutations \(120\) is no multiple of bands \(21\)"),
        ({"rows": 7}, r"permutations \(120\) is no multiple of rows \(7\)"),
        ({"bands": 10}, r"bands \(10\) of rows \(12\) .* probability 0\.509, below min_recall \(0\.99\)"),
    ],
)
def test_settings_that_do_not_fit_or_find_too_little_are_refused_by_name(given, words):
    with pytest.raises(ValueError, match=words):
        derived(120, 0.8, 0.99, **given)


def test_a_recall_that_no_settings_have_is_refused():
    with pytest.raises(ValueError, match="more permutations, or a lower min_recall"):
        derived(2, 0.3, 0.99)


@pytest.mark.parametrize("shared", [90, 150, 178])
def test_signatures_find_pairs_as_often_as_the_curve_says(shared):
    pairs, size, settings = 1500, 200, LshSettings(bands=21, rows=6)
    rng = np.random.default_rng(shared)
    sets = []
    for _ in range(pairs):
        common, rest = np.split(rng.integers(0, 2**64, 2 * size - shared, dtype=np.uint64), [shared])
        sets += [np.concatenate([common, part]) for part in np.split(rest, 2)]
    shingles = Shingles(np.concatenate(sets), np.arange(0, 2 * pairs * size + 1, size), np.ones(2 * pairs))
    found = {
        (int(one), int(other))
        for better, worse in candidate_pairs(shingles, settings, seed=1)
        for one, other in zip(better, worse, strict=True)
    }
    assert all(one < other for one, other in found)
    share = len({pair for pair in found if pair[0] % 2 == 0 and pair[1] == pair[0] + 1}) / pairs
    expected = settings.candidate_probability(shared / (2 * size - shared))
    spread = max((expected * (1 - expected) / pairs) ** 0.5, 1 / pairs)
    assert abs(share - expected) < 5 * spread
    unrelated = [pair for pair in found if pair[1] // 2 != pair[0] // 2]
    assert not unrelated
