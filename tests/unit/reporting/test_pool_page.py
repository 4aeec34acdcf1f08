import numpy as np
import pandas as pd
import pytest

from instruction_tuning.pool_statistics.pool_summary import PARTS, pool_summary, texts_of
from instruction_tuning.pool_statistics.reading_sample import rows_to_read
from instruction_tuning.pool_statistics.topics import topics
from instruction_tuning.pool_statistics.verb_noun import verb_noun_counts
from instruction_tuning.reporting.pool_figures import (
    pool_length_figure,
    pool_mix_figure,
    topic_figure,
    verb_noun_figure,
)
from instruction_tuning.reporting.pool_page import pool_page
from instruction_tuning.reporting.text_html import text_as_html
from instruction_tuning.schemas.contamination_report import CONTAMINATION_RULES

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> $verdict ${seed} \u202eevil\u200b & 'quoted'"


def characters(texts):
    return np.array([len(text) for text in texts], dtype=np.int64)


def hostile_pool(rows=12):
    return pd.DataFrame(
        {
            "record_id": [f"{n:016x}" for n in range(rows)],
            "source_row_id": [f"0123456789ab:{n}" for n in range(rows)],
            "source": HOSTILE,
            "language": ["en", "zh"] * (rows // 2),
            "licence": HOSTILE,
            "category": HOSTILE,
            "prompt": ["Write a <b>poem</b> about <script>", "写一首关于<b>的诗"] * (rows // 2),
            "answer": [HOSTILE] * rows,
            "messages": [[{"role": "user", "content": HOSTILE}] for _ in range(rows)],
            "flags": [[HOSTILE] if n == 3 else [] for n in range(rows)],
        }
    )


def hostile_rejects():
    row = {"source_row_id": "ba9876543210:0", "source": HOSTILE, "stage": "read", "reason": "invalid_json"}
    row |= {"field": HOSTILE, "detail": HOSTILE, "raw": HOSTILE, "collides_with": None}
    return pd.DataFrame([row])


REPAIRS = pd.DataFrame({"source_row_id": ["0123456789ab:3"], "field": [HOSTILE], "before": [HOSTILE]})

CONTAMINATION = (
    pd.DataFrame(
        [
            {"benchmark": HOSTILE, "split": "test", "items": 4, "items_too_short": 1, "items_found": 1}
            | {"records_removed": 1, "records_in_distribution": 0, "items_dirty": pd.NA, "items_clean": pd.NA}
            | dict.fromkeys(CONTAMINATION_RULES, 0)
            | {"overlaps_item": 1}
        ]
    ),
    pd.DataFrame(
        [
            {"benchmark": HOSTILE, "split": "test", "item_id": HOSTILE, "decision": "removed"}
            | {"rule": "overlaps_item", "share": 0.9, "source_row_id": "0123456789ab:7", "source": HOSTILE}
            | {"role": "user", "record_text": f"Say: {HOSTILE}", "item_text": f"{HOSTILE}\nthe other"}
        ]
    ),
)


CLUSTERS = pd.DataFrame(
    {
        "cluster_id": ["0" * 16] * 2,
        "cluster_rows": [2, 2],
        "source_row_id": ["0123456789ab:1", "0123456789ab:2"],
        "source": [HOSTILE] * 2,
        "fate": ["stays", "near_duplicate"],
        "similarity": [np.nan, 0.9],
        "decided_by": [None, "licence"],
        "text": [HOSTILE] * 2,
    }
)


def page_of(pool, rejects):
    metrics, histograms, quantiles = pool_summary(pool, characters)
    pairs = pd.concat(
        verb_noun_counts(texts_of(pool, part)["text"], texts_of(pool, part)["language"]).assign(part=part)
        for part in PARTS
    )
    _, found = topics(pool["prompt"].tolist(), pool["record_id"].tolist(), count=3, seed=1)
    rows = rows_to_read(pool, rejects, REPAIRS, seed=1, kept=5, flagged=5, rejected=5)
    figures = [
        verb_noun_figure(pairs),
        pool_length_figure(histograms, quantiles),
        pool_mix_figure(pool),
        topic_figure(found),
    ]
    return pool_page(pool, rejects, rows, metrics, found, CLUSTERS, CONTAMINATION, figures, seed=1, matches=5)


@pytest.fixture(scope="module")
def page():
    return page_of(hostile_pool(), hostile_rejects())


def test_nothing_of_a_text_is_markup_and_nothing_is_substituted(page):
    own = page.rpartition("</head>")[2]
    assert "<script>alert" not in own and "<img src=x" not in own
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in own
    assert "$verdict ${seed}" in own


def test_characters_that_one_cannot_see_are_written_out(page):
    rows = page.partition('id="kept"')[2]
    assert "U+202E" in rows and "U+200B" in rows
    assert "\u202e" not in rows and "\u200b" not in rows


def test_how_a_benchmark_was_found_wraps_instead_of_being_cut(page):
    table = page.partition('id="benchmarks"')[2].partition("</table>")[0]
    assert "<div class='benchmarks'>" in table and "shares its n-grams and content: 1" in table
    assert ".benchmarks th, .benchmarks td:last-child { white-space: normal; }" in page


def test_the_page_needs_nothing_from_elsewhere(page):
    own = page.rpartition("</head>")[2]
    assert 'src="http' not in own and "<link" not in own


def test_each_row_to_read_has_stage_reason_and_place(page):
    rejected = page.partition('id="rejected"')[2]
    assert "read / invalid_json" in rejected and "ba9876543210:0" in rejected
    assert "0123456789ab:3" in page.partition('id="flagged"')[2].partition('id="rejected"')[0]
    assert "Kept: 5 of 11 rows" in page and "Flagged and kept: 1 of 1 rows" in page


def test_an_empty_pool_has_a_page_too():
    page = page_of(hostile_pool().iloc[:0], hostile_rejects().iloc[:0])
    assert "Kept: 0 of 0 rows" in page


def test_a_long_text_says_how_much_of_it_is_left_out():
    assert text_as_html("x" * 20, most=5) == "xxxxx <span class='cut'>… 15 more characters</span>"
