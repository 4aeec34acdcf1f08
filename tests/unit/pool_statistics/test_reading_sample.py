import json

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.pool_statistics.reading_sample import rows_to_read


def pool(rows, flagged=()):
    return pd.DataFrame(
        {
            "record_id": [f"{n:016x}" for n in range(rows)],
            "source_row_id": [f"0123456789ab:{n}" for n in range(rows)],
            "source": "alpaca",
            "language": "en",
            "messages": [[{"role": "user", "content": f"Q{n}"}] for n in range(rows)],
            "flags": [["mojibake"] if n in flagged else [] for n in range(rows)],
        }
    )


def rejected(*causes):
    return pd.DataFrame(
        {
            "source_row_id": [f"ba9876543210:{n}" for n in range(len(causes))],
            "source": "belle",
            "stage": [stage for stage, _ in causes],
            "reason": [reason for _, reason in causes],
            "field": pd.Series([None] * len(causes), dtype="str"),
            "detail": pd.Series([None] * len(causes), dtype="str"),
            "raw": [json.dumps([{"role": "user", "content": "twice"}]) for _ in causes],
            "collides_with": pd.Series([None] * len(causes), dtype="str"),
        }
    )


REPAIRS = pd.DataFrame({"source_row_id": ["0123456789ab:3"], "field": ["output"], "before": ["Ã©"]})


def read(frame, rejects, *, seed=1, kept=5, flagged=5, rejected=5):
    return rows_to_read(frame, rejects, REPAIRS, seed=seed, kept=kept, flagged=flagged, rejected=rejected)


def test_each_row_says_where_it_is_from_and_why_it_is_shown():
    rows = read(pool(20, flagged={3}), rejected(("read", "invalid_json")))
    assert [row.fate for row in rows] == ["kept"] * 5 + ["flagged", "rejected"]
    flagged, set_aside = rows[5:]
    assert flagged.source_row_id == "0123456789ab:3" and flagged.reason == "mojibake"
    assert flagged.notes == (("output before", "Ã©"),)
    assert (set_aside.stage, set_aside.reason) == ("read", "invalid_json")
    assert set_aside.turns == (("user", "twice"),)


def test_a_raw_text_that_is_no_conversation_is_shown_as_it_is():
    frame = rejected(("read", "invalid_json"), ("read", "invalid_json")).assign(raw=["{broken", "[1]"])
    assert {row.turns for row in read(pool(1), frame) if row.fate == "rejected"} == {
        (("raw", "{broken"),),
        (("raw", "[1]"),),
    }


def test_a_rare_reason_has_its_turn_before_a_frequent_one_is_shown_again():
    rows = read(pool(1), rejected(*[("near_duplicate", "similar")] * 500, ("read", "rare")), rejected=2)
    assert sorted(row.reason for row in rows if row.fate == "rejected") == ["rare", "similar"]


def test_another_seed_shows_other_rows():
    drawn = [[row.source_row_id for row in read(pool(500), rejected(), seed=seed)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(30)))
def test_the_order_of_rows_does_not_matter(order):
    frame, rejects = pool(30, flagged={1, 3, 8}), rejected(*[("validate", f"r{n % 4}") for n in range(30)])
    shuffled = read(frame.iloc[order], rejects.iloc[order])
    assert shuffled == read(frame, rejects)


def test_nothing_to_show_is_nothing():
    assert read(pool(0), rejected()) == []
