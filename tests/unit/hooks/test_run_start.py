"""What happens before the first node, and in which order."""

from pathlib import Path
from typing import Any

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from instruction_tuning.errors import ConfigurationError, WorkspaceError
from instruction_tuning.hooks import PROJECT_HOOKS, run_start
from instruction_tuning.hooks.run_start import RunStartHooks
from instruction_tuning.lineage.data_lock import hold_for_deleting
from instruction_tuning.runner import InterruptibleRunner


@pytest.fixture(autouse=True)
def _where_the_tests_were_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that has not ended leaves its process in the project's folder."""
    monkeypatch.chdir(Path.cwd())


def start(hooks: RunStartHooks, project: Path, pipeline: Pipeline | None = None, **run_params: Any) -> None:
    hooks.before_pipeline_run(
        {"project_path": str(project), **run_params}, pipeline or Pipeline([]), DataCatalog({})
    )


def test_no_other_hook_is_asked_before_the_run_is_planned_and_checked() -> None:
    manager = _create_hook_manager()
    for hooks in PROJECT_HOOKS:
        manager.register(hooks)
    # pluggy calls the end of the list first.
    assert isinstance(manager.hook.before_pipeline_run.get_hookimpls()[-1].plugin, RunStartHooks)


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_a_run_works_in_the_projects_folder_until_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    elsewhere = tmp_path / "docs"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    hooks = RunStartHooks()
    start(hooks, tmp_path)
    assert Path.cwd() == tmp_path
    getattr(hooks, end)()
    assert Path.cwd() == elsewhere


def test_a_run_that_may_not_start_leaves_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConfigurationError("no", fix="none")

    before = Path.cwd()
    monkeypatch.setattr(run_start, "check_before_run", refuse)
    with pytest.raises(ConfigurationError):
        start(RunStartHooks(), tmp_path)
    assert Path.cwd() == before
    with hold_for_deleting(tmp_path / "data"):
        pass


@pytest.mark.parametrize("end", ["after_pipeline_run", "on_pipeline_error"])
def test_nothing_is_deleted_from_the_start_of_a_run_to_its_end(tmp_path: Path, end: str) -> None:
    hooks = RunStartHooks()
    start(hooks, tmp_path)
    with pytest.raises(WorkspaceError), hold_for_deleting(tmp_path / "data"):
        pass
    getattr(hooks, end)()
    with hold_for_deleting(tmp_path / "data"):
        pass


def test_the_data_are_locked_before_the_run_is_planned_and_checked_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []

    def note_the_lock(name: str) -> None:
        with pytest.raises(WorkspaceError), hold_for_deleting(tmp_path / "data"):
            pass
        called.append(name)

    for name in ("make_plan", "check_before_run"):
        monkeypatch.setattr(run_start, name, lambda *_, name=name: note_the_lock(name))
    start(RunStartHooks(), tmp_path)
    assert called == ["make_plan", "check_before_run"]


def test_a_run_that_would_train_beside_a_given_candidate_is_refused(tmp_path: Path) -> None:
    training = Pipeline([Node(lambda: 1, None, "sft_model", name="train")])
    with pytest.raises(ConfigurationError, match="would train a new sft_model"):
        start(RunStartHooks(), tmp_path, training, runtime_params={"candidate": "models:/sft-model/1"})


@pytest.mark.parametrize(("runner", "level"), [(SequentialRunner, "INFO"), (InterruptibleRunner, "WARNING")])
def test_a_runner_without_a_plan_says_so_and_the_projects_own_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, runner: type, level: str
) -> None:
    caplog.set_level("INFO", "instruction_tuning")
    start(RunStartHooks(), tmp_path, runner=f"<{runner.__name__}, that is gone>")
    assert [record.levelname for record in caplog.records if "all 0 nodes run" in record.message] == [level]
