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


def parameters_of(made: StoredProject, until: str | None) -> dict[str, int]:
    """By node, of what the first pool was made from; a later run made the same pool with other parameters."""
    chain = upstream_of(made.executions, anchor("instruction_pool", "v1"), until)
    return {one.node: one.parameters["p"] for one in chain.executions}


def test_of_two_executions_with_one_content_the_one_that_made_the_version_counts(tmp_path: Path) -> None:
    made = StoredProject(tmp_path)
    for version, parameter in (("v1++", 7), ("v1", 8), ("v1+", 9)):
        made.ran("read", {}, {"canonical_instructions": version}, parameter=parameter)
        reading = {"canonical_instructions": version}
        made.ran("drop", reading, {"instruction_pool": version}, parameter=parameter)
    for until in (None, "2026-01-01T00:00:04.500+00:00"):
        assert parameters_of(made, until) == {"read": 8, "drop": 8}
    chain = chain_of(made.executions, anchor("instruction_pool", "v1"), made.store)
    assert chain.version("canonical_instructions") == "v1"


def test_where_no_record_names_the_version_the_newest_before_the_model_counts(tmp_path: Path) -> None:
    made = StoredProject(tmp_path)
    for version, parameter in (("v1++", 7), ("v1+++", 8), ("v1+", 9)):
        made.ran("drop", {}, {"instruction_pool": version}, parameter=parameter)
    pool = {"instruction_pool": made.executions[0].outputs["instruction_pool"]}
    anchored = {"instruction_pool": StoredState(pool["instruction_pool"].digest, "v1")}
    for until, parameter in ((None, 9), ("2026-01-01T00:00:02.500+00:00", 8)):
        (found,) = upstream_of(made.executions, anchored, until).executions
        assert found.parameters["p"] == parameter


def test_of_what_was_made_from_a_models_data_that_from_before_it_counts(tmp_path: Path) -> None:
    made = ingested_and_trained(tmp_path)
    made.ran("collect", {"instruction_pool": "v1"}, {"selection_decisions": "v1"})
    made.ran("collect", {"instruction_pool": "v1"}, {"selection_decisions": "v2"})
    mixture = anchor("sft_mixture", "v1")
    for until, version in ((None, "v2"), ("2026-01-01T00:00:05.500+00:00", "v1")):
        assert chain_of(made.executions, mixture, made.store, until).version("selection_decisions") == version


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
