from pathlib import Path

from lineage_builders import StoredProject, ingested_and_trained

from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.provenance import chain_of, same, upstream_of


def anchor(name: str, version: str) -> dict[str, StoredState]:
    return {name: StoredState("unknown", version)}


def test_a_chain_follows_the_records_and_not_the_newest_of_each(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    made.ran("choose", {"instruction_pool": "v2"}, {"verified_examples": "v2"})
    chain = chain_of(made.executions, anchor("canonical_instructions", "v1"), made.store)
    assert chain.version("verified_examples") == "v1"
    assert chain.version("sft_validation") == "v1"


def test_of_two_ways_on_from_one_pool_the_newer_is_taken_and_the_older_by_its_own_anchor(
    tmp_path: Path,
) -> None:
    made = ingested_and_trained(tmp_path)
    made.ran("choose", {"instruction_pool": "v1"}, {"verified_examples": "v3"})
    newest = chain_of(made.executions, anchor("canonical_instructions", "v1"), made.store)
    assert newest.version("verified_examples") == "v3" and newest.version("sft_mixture") is None
    older = chain_of(made.executions, anchor("sft_mixture", "v1"), made.store)
    assert older.version("verified_examples") == "v1"
    assert older.version("rejected_records") == "v1"


def test_a_version_whose_record_was_overwritten_is_known_by_its_content(tmp_path: Path) -> None:
    made = StoredProject(tmp_path)
    made.ran("read", {}, {"canonical_instructions": "v1+"}, key="k")
    drop = made.ran("drop", {"canonical_instructions": "v1"}, {"instruction_pool": "v1"})
    chain = upstream_of(made.executions, anchor("instruction_pool", "v1"))
    assert [one.node for one in chain.executions] == ["drop", "read"]
    assert chain.states["canonical_instructions"] == drop.inputs["canonical_instructions"]


def test_data_without_any_record_go_with_those_of_the_same_run(tmp_path: Path) -> None:
    made = StoredProject(tmp_path)
    for name in ("canonical_instructions", "instruction_pool"):
        made.save(name, "v1", [{"record_id": "a"}])
    made.save("rejected_records", "v2", [{"record_id": "a"}])
    chain = chain_of([], anchor("canonical_instructions", "v1"), made.store)
    assert chain.by_time == {"instruction_pool"} and chain.version("rejected_records") is None


def test_a_digest_counts_only_with_all_its_digits() -> None:
    digest = "0123456789abcdef" * 4
    assert same(StoredState(digest, None), StoredState(digest[:16], "v1"))
    assert not same(StoredState("unknown", None), StoredState("unknown", "v1"))
    assert not same(StoredState(digest, "v1"), StoredState(digest[::-1], "v2"))
