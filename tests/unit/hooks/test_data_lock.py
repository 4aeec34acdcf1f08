from pathlib import Path

import pytest

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.hooks.data_lock import DataLockHooks
from instruction_tuning.lineage.data_lock import hold_for_deleting


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_nothing_is_deleted_from_the_start_of_a_run_to_its_end(tmp_path: Path, end: str) -> None:
    hooks = DataLockHooks()
    hooks.before_pipeline_run({"project_path": str(tmp_path)})
    with pytest.raises(WorkspaceError), hold_for_deleting(tmp_path / "data"):
        pass
    getattr(hooks, end)()
    with hold_for_deleting(tmp_path / "data"):
        pass
