import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lineage_builders import StoredProject, registered

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.data_lock import hold_for_a_run, hold_for_deleting
from instruction_tuning.lineage.removal import remove, trash_of
from instruction_tuning.lineage.retention import NOT_AS_RECORDED, RetentionPlan, recorded, retention_plan
from instruction_tuning.lineage.store import DataStore

DAYS = ("2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z", "2026-01-03T00.00.00.000Z")
NOW = datetime(2026, 1, 4, tzinfo=UTC)
STAGES = ("canonical_instructions", "instruction_pool", "sft_mixture")


def three_runs(project: Path) -> StoredProject:
    made = StoredProject(project)
    for day in DAYS:
        for name in (*STAGES, "rejected_records"):
            made.save(name, day, [{"record_id": "a"}])
        made.ran("read", {}, {STAGES[0]: day})
        made.ran("drop", {STAGES[0]: day}, {STAGES[1]: day, "rejected_records": day})
        made.ran("mix", {STAGES[1]: day}, {STAGES[2]: day})
    return made


def plan(made: StoredProject, *models, keep_last: int = 1, keep_days: float | None = None) -> RetentionPlan:
    return retention_plan(
        made.store, made.executions, models, keep_last=keep_last, keep_days=keep_days, now=NOW
    )


def days_of(found: RetentionPlan) -> set[str]:
    return {version for (_, version), _ in found.removable}


def test_the_newest_versions_and_all_behind_a_registered_model_stay(tmp_path: Path) -> None:
    made = three_runs(tmp_path)
    found = plan(made, registered("1", {"sft_mixture": DAYS[0]}, "champion"))
    assert days_of(found) == {DAYS[1]}
    kept = {item.version: item.reasons for item in found.kept}
    # What was set aside on the way stays with the model, too: explaining needs it.
    assert kept["rejected_records", DAYS[0]] == ("sft-model 1 @champion",)
    assert kept["sft_mixture", DAYS[2]] == ("newest",)
    assert len(found.removable) == 4 and found.removable_bytes > 0
    assert len(found.records) == 3


def test_what_was_made_again_after_the_model_with_the_same_pool_takes_nothing_from_it(tmp_path: Path) -> None:
    """The later pool has the same bytes; what was rejected on the way to it is told in other words."""
    made = StoredProject(tmp_path)
    for day in DAYS:
        for name in ("instruction_pool", "rejected_records"):
            made.save(name, day, [{"record_id": "a"}])
    for day, pool, told in ((DAYS[0], "same", "old"), (DAYS[1], "same", "new"), (DAYS[2], "other", "last")):
        execution = made.ran("drop", {}, {"instruction_pool": day, "rejected_records": day})
        digests = {"instruction_pool": pool, "rejected_records": told}
        outputs = {name: StoredState(digests[name].ljust(16, "."), day) for name in digests}
        made.records.write(replace(execution, outputs=outputs))
    found = plan(made, registered("1", {"instruction_pool": DAYS[0]}, at_second=1))
    assert days_of(found) == {DAYS[1]}


def test_a_broken_newest_version_does_not_stand_for_the_whole_ones(tmp_path: Path) -> None:
    made = three_runs(tmp_path)
    digests = DigestCache(tmp_path / "digests.sqlite", tmp_path).path_digest
    for execution in made.executions:
        written = {}
        for name, state in execution.outputs.items():
            path = made.store.path(name, state.version)
            assert path is not None
            written[name] = replace(state, digest=digests(path))
        made.records.write(replace(execution, outputs=written))
    broken, unknown = made.store.path(STAGES[1], DAYS[2]), "2026-01-03T12.00.00.000Z"
    assert broken is not None
    broken.write_bytes(broken.read_bytes()[:100])
    made.save("sft_mixture", unknown, [{"record_id": "b"}])
    whole = recorded(made.store, made.executions, digests)
    found = retention_plan(
        made.store, made.executions, [], keep_last=1, keep_days=None, now=NOW, is_whole=whole
    )
    kept = {item.version: item.reasons for item in found.kept}
    assert kept[STAGES[1], DAYS[1]] == ("newest",) and kept["sft_mixture", DAYS[2]] == ("newest",)
    assert NOT_AS_RECORDED in kept[STAGES[1], DAYS[2]] and kept["sft_mixture", unknown] == (NOT_AS_RECORDED,)
    assert (STAGES[1], DAYS[0]) in {version for version, _ in found.removable}


def test_days_and_numbers_of_versions_can_be_kept(tmp_path: Path) -> None:
    made = three_runs(tmp_path)
    assert days_of(plan(made)) == {DAYS[0], DAYS[1]}
    assert days_of(plan(made, keep_last=2)) == {DAYS[0]}
    assert days_of(plan(made, keep_days=2.5)) == {DAYS[0]}
    assert days_of(plan(made, keep_last=3)) == set()


def test_outputs_of_one_execution_stay_together(tmp_path: Path) -> None:
    made = three_runs(tmp_path)
    newer = "2026-01-03T12.00.00.000Z"
    made.save("instruction_pool", newer, [{"record_id": "a"}])
    removable = {version for version, _ in plan(made).removable}
    # The newest rejected_records were made with a pool that is not the newest.
    assert ("instruction_pool", DAYS[2]) not in removable
    assert ("instruction_pool", DAYS[1]) in removable


def test_deleting_removes_versions_and_their_records_and_may_be_repeated(tmp_path: Path) -> None:
    made = three_runs(tmp_path)
    found = plan(made)
    for _ in range(2):
        remove(found, made.store, made.records)
    assert [made.store.versions(name) for name in STAGES] == [[DAYS[2]]] * 3
    assert {one.outputs.popitem()[1].version for one in made.executions} == {DAYS[2]}
    assert plan(made).removable == [] and plan(made).records == []


KILLED = """
import os, signal, sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from lineage_builders import StoredProject
from instruction_tuning.lineage import removal
from instruction_tuning.lineage.retention import retention_plan

made = StoredProject(Path(sys.argv[1]))
plan = retention_plan(made.store, made.executions, [], keep_last=1, keep_days=None, now=datetime.now(UTC))
renames, real = [], os.rename
def rename(source, target):
    real(source, target)
    renames.append(target)
    if len(renames) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
removal.os.rename = rename
removal.remove(plan, made.store, made.records)
"""


def test_killed_in_the_middle_every_version_is_whole_or_gone_and_the_next_deletion_ends_it(
    tmp_path: Path,
) -> None:
    made = three_runs(tmp_path)
    tests = str(Path(__file__).parents[2])
    died = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), tests], env=os.environ)
    assert died.returncode == -9
    assert len(list(trash_of(made.store).iterdir())) == 1
    left = [made.store.path(name, version) for name in STAGES for version in made.store.versions(name)]
    assert all(path is not None and path.stat().st_size > 0 for path in left)
    remove(plan(made), made.store, made.records)
    assert list(trash_of(made.store).iterdir()) == []
    assert [made.store.versions(name) for name in STAGES] == [[DAYS[2]]] * 3
    assert len(made.executions) == 3


def test_raw_data_and_the_base_model_are_never_deleted(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "01_raw" / "pool.parquet" / DAYS[0]
    raw.mkdir(parents=True)
    store = DataStore(tmp_path, {"pool": raw.parent})
    with pytest.raises(WorkspaceError, match="never deleted"):
        remove(RetentionPlan([], [(("pool", DAYS[0]), 0)]), store, three_runs(tmp_path / "other").records)
    assert raw.is_dir()


def test_nothing_is_deleted_while_a_run_is_going_on(tmp_path: Path) -> None:
    running = hold_for_a_run(tmp_path)
    assert running is not None
    with pytest.raises(WorkspaceError, match="a run is going on"), hold_for_deleting(tmp_path):
        pass
    running.close()
    with hold_for_deleting(tmp_path):
        pass
