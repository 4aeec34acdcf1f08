import pandas as pd

from instruction_tuning.mixture.training_data import training_data

POOL = pd.Series([f"r{row}" for row in range(9)])


def mixture() -> pd.DataFrame:
    rows = [("chat", "alpaca", ["r1"]), ("chat", "belle", ["r2", "r2-00"]), ("chat", "alpaca", ["gone"])]
    rows.append(("document", "replay_documents", ["d1"]))
    frame = pd.DataFrame(rows, columns=["kind", "source", "parent_ids"])
    return frame.assign(example_id=[parents[-1] for parents in frame["parent_ids"]])


def decisions(**others: str) -> pd.DataFrame:
    fates = {"r1": "trained", "r2-00": "trained", "gone": "trained"} | others
    return pd.DataFrame({"example_id": list(fates), "decision": list(fates.values())})


def held_out() -> pd.DataFrame:
    rows = [("chat", ["r3", "r3-00"]), ("document", ["d2"])]
    return pd.DataFrame(rows, columns=["kind", "parent_ids"])


def selected(sampler: str = "k_center_greedy") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": ["r1", "r2", "r3"],
            "language": ["en", "zh", "en"],
            "category": pd.Series([None] * 3, dtype="str"),
            "source_row_id": ["a" * 12 + ":4", "b" * 12 + ":0", "a" * 12 + ":5"],
            "licence": pd.Series(["CC BY 4.0", None, None], dtype="str"),
            "sampler": [sampler] * 3,
        }
    )


def test_examples_are_counted_by_source_language_and_licence() -> None:
    facts = training_data(mixture(), held_out(), selected(), decisions=decisions(), pool=POOL)
    assert (facts["examples"], facts["documents"]) == (3, 1)
    assert facts["sources"] == {"alpaca": 2, "belle": 1}
    assert facts["languages"] == {"en": 1, "zh": 1, "unknown": 1}
    assert facts["licences"] == {"unknown": 2, "CC BY 4.0": 1}
    assert facts["source_files"] == {"a" * 12: 1, "b" * 12: 1, "unknown": 1}


def test_what_was_dropped_for_its_length_is_not_counted_as_trained_on() -> None:
    short = decisions(r1="cut", gone="dropped")
    facts = training_data(mixture(), held_out(), selected(), decisions=short, pool=POOL)
    assert (facts["examples"], facts["cut_examples"], facts["dropped_examples"]) == (2, 1, 1)
    assert facts["sources"] == {"alpaca": 1, "belle": 1}


def test_the_selection_is_named_by_sampler_budget_and_pool() -> None:
    facts = training_data(mixture(), held_out(), selected(), decisions=decisions(), pool=POOL)
    assert (facts["sampler"], facts["selected_queries"], facts["pool_records"]) == ("k_center_greedy", 3, 9)
    none = selected().iloc[:0]
    facts = training_data(mixture(), held_out(), none, decisions=decisions(), pool=POOL)
    assert facts["sampler"] == "unknown"


def test_the_digest_follows_the_rows() -> None:
    one, other = mixture(), mixture().iloc[::-1]
    digests = [
        training_data(rows, held_out(), selected(), decisions=decisions(), pool=POOL)["digest"]
        for rows in (one, one, other)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_the_records_that_were_held_out_are_listed_without_the_documents() -> None:
    assert training_data(mixture(), held_out(), selected(), decisions=decisions(), pool=POOL)[
        "held_out_records"
    ] == ["r3"]


def test_the_digest_of_the_pool_follows_its_records_and_not_their_order() -> None:
    digests = [
        training_data(mixture(), held_out(), selected(), decisions=decisions(), pool=pool)["pool_digest"]
        for pool in (POOL, POOL.iloc[::-1], POOL.iloc[1:])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_examples_of_a_benchmarks_training_split_are_counted_by_benchmark() -> None:
    flags = [
        ["in_distribution:gsm8k", "unicode_normalized"],
        ["in_distribution:arc", "in_distribution:gsm8k"],
        [],
    ]
    queries = selected().assign(flags=flags)
    facts = training_data(mixture(), held_out(), queries, decisions=decisions(), pool=POOL)
    assert facts["in_distribution"] == {"arc": 1, "gsm8k": 2}
    short = decisions(r1="dropped")
    facts = training_data(mixture(), held_out(), queries, decisions=short, pool=POOL)
    assert facts["in_distribution"] == {"arc": 1, "gsm8k": 1}
