"""Duplicates through the node: which record stays, who was dropped for whom, and that the order of rows is no
matter."""

import hashlib
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from instruction_tuning.canonical.records import record_id_of
from instruction_tuning.pipelines.ingestion.duplicate_nodes import draw_duplicate_clusters, remove_duplicates
from instruction_tuning.pipelines.ingestion.duplicate_parameters import DuplicateParameters
from instruction_tuning.reporting.cluster_html import largest_clusters
from instruction_tuning.schemas.canonical_instructions import CanonicalInstructions
from instruction_tuning.schemas.duplicate_clusters import DuplicateClusters
from instruction_tuning.schemas.rejected_records import RejectedRecords


def frame_of(*rows):
    """Canonical rows of (prompt, answer, source, licence, flags), in files of their sources."""
    records = []
    for number, (prompt, answer, source, licence, flags) in enumerate(rows):
        messages = [{"role": "user", "content": prompt}]
        messages += [{"role": "assistant", "content": answer}] if answer else []
        records.append(
            {
                "record_id": record_id_of(messages),
                "source_row_id": f"{hashlib.sha256(source.encode()).hexdigest()[:12]}:{number}",
                "source": source,
                "format": "alpaca",
                "language": "en",
                "category": None,
                "licence": licence,
                "messages": messages,
                "prompt": prompt,
                "answer": answer,
                "flags": list(flags),
                "parent_ids": [],
                "original_id": None,
            }
        )
    frame = pd.DataFrame(records)
    objects = ("messages", "flags", "parent_ids")
    return frame.astype({name: "str" for name in frame.columns if name not in objects})


def remove(frame, **duplicates):
    kept, rejected, clusters = remove_duplicates(frame, DuplicateParameters(**duplicates))
    RejectedRecords.validate(rejected)
    DuplicateClusters.validate(clusters)
    assert sorted([*kept["source_row_id"], *rejected["source_row_id"]]) == sorted(frame["source_row_id"])
    return kept, rejected, clusters


COPIES = (
    ("Name a colour.", "Red", "scraped", "CC BY-NC 4.0", ()),
    ("Name a colour.", "Red", "seeds", "Apache-2.0", ()),
    ("Please name a colour!", "Ultramarine, which is a blue", "scraped", "CC BY-NC 4.0", ()),
    ("Name a river.", "Rhine", "scraped", None, ()),
)


def test_the_copy_with_the_free_licence_stays_and_the_report_says_so():
    kept, rejected, clusters = remove(frame_of(*COPIES))
    assert kept[["answer", "source"]].values.tolist() == [["Red", "seeds"], ["Rhine", "scraped"]]
    assert rejected["stage"].tolist() == ["exact_duplicate", "near_duplicate"]
    assert rejected["detail"].str.contains("which stays by licence").all()
    assert clusters["cluster_rows"].tolist() == [3, 3, 3]
    assert clusters["fate"].tolist() == ["stays", "near_duplicate", "exact_duplicate"]
    assert clusters["decided_by"].tolist()[1:] == ["licence"] * 2 and pd.isna(clusters["decided_by"].iat[0])
    assert clusters["duplicate_of"].tolist()[1:] == [kept["source_row_id"].iat[0]] * 2
    assert clusters["cluster_id"].unique().tolist() == [kept["record_id"].iat[0]]


def test_the_user_may_put_another_rule_first():
    kept, _, clusters = remove(frame_of(*COPIES), keep=["length"])
    assert "Ultramarine" in kept["answer"].iat[0]
    # The second copy of "Red" went for the first one, which went for the long answer.
    assert clusters["decided_by"].tolist()[1:] == ["length", "row"]
    kept, _, _ = remove(frame_of(*COPIES), keep=["source_priority"], source_priority=["scr*"])
    assert kept["source"].tolist() == ["scraped", "scraped"]


WORDS = ["sea", "river", "tide", "rock", "sand", "wind", "gull", "ship"]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), guard=st.booleans())
def test_the_order_of_rows_does_not_matter(seed, guard):
    rng = random.Random(seed)
    base = [" ".join(rng.choices(WORDS, k=24)) for _ in range(4)]
    rows = []
    for _ in range(30):
        prompt = " ".join(word for word in rng.choice(base).split() if rng.random() > 0.05)
        answer = rng.choice([None, "yes", "yes, it is", "no"])
        licence = rng.choice([None, "MIT", "cc-by-nc-4.0"])
        rows.append((prompt, answer, rng.choice("abc"), licence, rng.choice([(), ("bom_removed",)])))
    frame = frame_of(*rows)
    kept, rejected, clusters = remove(frame, content_guard=guard)
    shuffled = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    again, rejected_again, clusters_again = remove(shuffled, content_guard=guard)
    assert set(kept["source_row_id"]) == set(again["source_row_id"])
    pd.testing.assert_frame_equal(clusters, clusters_again)
    by_row = [one.sort_values("source_row_id").reset_index(drop=True) for one in (rejected, rejected_again)]
    pd.testing.assert_frame_equal(*by_row)
    assert not set(kept["record_id"]) & set(
        rejected.loc[rejected["stage"] == "near_duplicate", "record_id"]
    ), "a dropped content stays nowhere else"
    stays = set(kept["record_id"])
    assert set(rejected.loc[rejected["stage"] == "near_duplicate", "collides_with"]) <= stays


def test_both_ends_of_a_chain_may_stay_and_are_seen_in_one_cluster():
    words = [f"w{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(8)]
    # Each text is like its neighbours and unlike the one after the next; the longest answer is at an end.
    rows = [(" ".join(words[4 * n : 4 * n + 40]), "x" * (9 - n), "web", None, ()) for n in range(3)]
    kept, _, clusters = remove(frame_of(*rows), content_guard=False, threshold=0.75)
    assert kept["answer"].tolist() == ["x" * 9, "x" * 7]
    assert clusters["fate"].tolist() == ["stays", "near_duplicate", "stays"]


def test_semantic_duplicates_are_dropped_only_when_asked_for_and_marked_as_such():
    rows = [
        ("Explain why recycling is important.", "Water rises.", "web", None, ()),
        ("Why is recycling important? Explain.", "Water rises, and falls.", "web", None, ()),
        ("Explain why recycling is important 2.", "No.", "web", None, ()),
        ("Sort three numbers.", "1 2 3", "web", None, ()),
        ("Sort the three numbers", "1 2 3.", "web", None, ()),
    ]
    assert len(remove(frame_of(*rows))[0]) == 4
    kept, rejected, clusters = remove(frame_of(*rows), semantic={"enabled": True})
    assert kept["answer"].tolist() == ["Water rises, and falls.", "No.", "1 2 3."]
    assert rejected["stage"].tolist() == ["semantic_duplicate", "near_duplicate"]
    assert rejected["reason"].tolist() == ["similar_meaning", "similar_prompt"]
    assert clusters["fate"].value_counts().to_dict()["semantic_duplicate"] == 1


def test_hidden_states_find_semantic_duplicates_too(tiny_model_path):
    from instruction_tuning.lm.model_folder import open_model_folder

    frame = frame_of(*COPIES)
    rules = DuplicateParameters(semantic={"enabled": True, "embedding": "hidden_states", "similarity": 1.0})
    kept, _, _ = remove_duplicates(frame, rules, open_model_folder(tiny_model_path))
    assert len(kept) == 2


def test_the_report_can_be_read():
    rows = [
        (f"Name {n % 7} colours of the sea.", "Blue" * (n % 5 + 1), "<b>web</b>", None, ()) for n in range(60)
    ]
    _, _, clusters = remove(frame_of(*rows))
    html = largest_clusters(clusters)
    assert "by longer answer" in html and "&lt;b&gt;web&lt;/b&gt;" in html and "<b>web" not in html
    assert html.count("<article") == 7
    figure = draw_duplicate_clusters(clusters, DuplicateParameters())
    shown = figure.to_json()
    assert "21 bands of 6 rows, steepest at 0.60" in shown and "near duplicate" in shown
    assert "0.998" in shown


def test_a_pool_without_duplicates_has_an_empty_report(tmp_path):
    frame = frame_of(COPIES[0], COPIES[3])
    CanonicalInstructions.validate(frame)
    _, _, clusters = remove(frame)
    assert clusters.empty and largest_clusters(clusters) == "<p class='soft'>none</p>"
    clusters.to_parquet(tmp_path / "clusters.parquet")
    DuplicateClusters.validate(pd.read_parquet(tmp_path / "clusters.parquet"))
    draw_duplicate_clusters(clusters, DuplicateParameters())


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"permutations": 128, "bands": 20}, "permutations (128) is no multiple of bands (20)"),
        (
            {"permutations": 120, "bands": 20, "rows": 5},
            "bands (20) times rows (5) is 100, not permutations (120)",
        ),
        ({"permutations": 120, "bands": 10}, "below min_recall (0.99)"),
        ({"keep": ["length", "length"]}, "keep names a rule twice"),
        ({"keep": ["longest"]}, "keep.0"),
        ({"shingle_tokens": []}, "shingle_tokens"),
        ({"semantic": {"enable": True}}, "enable"),
    ],
)
def test_settings_that_cannot_hold_are_refused_with_their_names(rules, words):
    with pytest.raises(ValidationError) as caught:
        DuplicateParameters(**rules)
    assert words in str(caught.value)
