"""A small Kedro project that tests may edit: its package, its data, and runs of it in this process."""

import importlib
import json
import shutil
import sys
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from instruction_tuning.hooks.redaction import redact
from instruction_tuning.incremental.decisions import Action
from instruction_tuning.lm.failed_requests import note_failed
from instruction_tuning.prompts.read_prompts import digest_of, note_read
from instruction_tuning.runner import InterruptibleRunner

PACKAGE = "workshop_package"
_SESSIONS = count()
# Python takes a compiled file for current when size and second are the same, as after an edit by a test.
sys.dont_write_bytecode = True


@dataclass(frozen=True)
class Step:
    """One node: adds up what its parents made and its parameter, and scales; `coarse` halves that."""

    parents: tuple[int, ...]
    in_memory: bool = False
    coarse: bool = False


@dataclass
class Workshop:
    """A project in `folder` with one node for each of `steps`."""

    folder: Path
    steps: tuple[Step, ...]
    parameters: dict[str, int] = field(default_factory=dict)
    save_args: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parameters = {f"p{index}": index + 1 for index in range(len(self.steps))} | self.parameters
        package = self.folder / "src" / PACKAGE
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "tools.py").write_text("".join(_TOOL.format(i=index) for index in range(len(self.steps))))
        (package / "wraps.py").write_text(_WRAPS)
        for index, step in enumerate(self.steps):
            code = _STEP.format(i=index, coarse=" // 2" if step.coarse else "")
            (package / f"step_{index}.py").write_text(code)
        self.raw.parent.mkdir()
        self.raw.write_text("[3]")

    @property
    def raw(self) -> Path:
        return self.folder / "data" / "raw.json"

    def source(self, name: str) -> Path:
        """A file of the package."""
        return self.folder / "src" / PACKAGE / f"{name}.py"

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, in a file of the package."""
        text = self.source(name).read_text()
        assert old in text
        self.source(name).write_text(text.replace(old, new))

    def copy_to(self, folder: Path) -> "Workshop":
        """The project with its data, somewhere else."""
        shutil.copytree(self.folder, folder)
        other = object.__new__(Workshop)
        other.__dict__ |= self.__dict__ | {
            "folder": folder,
            "parameters": dict(self.parameters),
            "save_args": dict(self.save_args),
        }
        return other

    def run(
        self,
        *,
        force: bool = False,
        load_versions: dict[str, str] | None = None,
        failed: str = "",
        part: dict[str, list[str]] | None = None,
        failed_requests: dict[str, list[str]] | None = None,
        prompts: dict[str, dict[str, str]] | None = None,
    ) -> set[str]:
        """Run all that has to; the names of what ran. Something beside output `failed` goes wrong.

        `part` are the arguments of `Pipeline.filter`, as `kedro run` makes them of its options. By node,
        `failed_requests` are ids of requests that it sends in vain, `prompts` texts that it reads, by name.
        """
        runner, pipeline, catalog = self._prepared(force, load_versions or {}, part)
        runner.incremental.leave_unfinished(failed, "it was not registered")
        hooks = _create_hook_manager()
        hooks.register(_Asking(failed_requests or {}, prompts or {}))
        runner.run(pipeline, catalog, hooks, run_id=self.session)
        decisions = runner.incremental.decisions
        self.reasons = {name: decision.reason for name, decision in decisions.items()}
        self.known_prompts = runner.incremental.prompts()
        self.outputs = {name: catalog[name] for name in self.stored()}
        self.made_in_memory = {
            name for name in pipeline.all_outputs() - {*self.stored()} if catalog[name].exists()
        }
        return {name for name, decision in decisions.items() if decision.action is Action.RUN}

    def plan(self) -> dict[str, tuple[str, str]]:
        """Node to planned action and reason."""
        runner, _, _ = self._prepared(False, {})
        assert runner.incremental.plan is not None
        return {line.node: (str(line.action), line.reason) for line in runner.incremental.plan.nodes}

    def stored(self) -> list[str]:
        """Names of the outputs that are kept on disk."""
        return [f"d{index}" for index, step in enumerate(self.steps) if not step.in_memory]

    def results(self) -> dict[str, bytes]:
        """The bytes behind each stored output of the last run."""
        return {name: Path(str(data._get_load_path())).read_bytes() for name, data in self.outputs.items()}

    def _prepared(
        self, force: bool, load_versions: dict[str, str], part: dict[str, list[str]] | None = None
    ) -> Any:
        self.session = f"2026-01-01T00.00.{next(_SESSIONS):08d}Z"
        for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
            del sys.modules[name]
        importlib.invalidate_caches()
        sys.path.insert(0, str(self.folder / "src"))
        try:
            modules = [importlib.import_module(f"{PACKAGE}.step_{i}") for i in range(len(self.steps))]
        finally:
            sys.path.remove(str(self.folder / "src"))
        nodes = [self._node(module, index) for index, module in enumerate(modules)]
        pipeline = Pipeline(nodes, namespace="shop", prefix_datasets_with_namespace=False)
        catalog = DataCatalog(
            {"raw": JSONDataset(filepath=self.raw.as_posix())}
            | {f"params:{name}": MemoryDataset(value) for name, value in self.parameters.items()}
            | {name: self._dataset(name, load_versions.get(name)) for name in self.stored()}
        )
        runner = InterruptibleRunner(force=force)
        read = {name for node in pipeline.nodes for name in node.inputs}
        pipeline = pipeline.filter(**(part or {}))
        runner.incremental.open(
            self.folder,
            pipeline,
            catalog,
            session=self.session,
            redact=redact,
            served_by={},
            read_elsewhere=read - {*(part or {}).get("to_outputs", [])},
        )
        return runner, pipeline, catalog

    def _node(self, module: Any, index: int) -> Node:
        parents = [f"d{parent}" for parent in self.steps[index].parents] or ["raw"]
        return Node(
            getattr(module, f"step_{index}"),
            inputs=[f"params:p{index}", *parents],
            outputs=f"d{index}",
            name=f"step_{index}",
            tags=[f"tag_{index}"],
        )

    def _dataset(self, name: str, load_version: str | None) -> JSONDataset:
        return JSONDataset(
            filepath=(self.folder / "data" / f"{name}.json").as_posix(),
            version=Version(load_version, self.session),
            save_args=dict(self.save_args),
        )


class _Asking:
    """Nodes that read prompts, and ask a server which does not answer."""

    def __init__(self, failed_requests: dict[str, list[str]], prompts: dict[str, dict[str, str]]) -> None:
        self._failed_requests, self._prompts = failed_requests, prompts

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        ids = self._failed_requests.get(node.name, [])
        note_failed(pd.DataFrame({"request_id": ids, "status": "failed"}))
        for name, text in self._prompts.get(node.name, {}).items():
            note_read(name, digest_of(text), text)


def versions_of(workshop: Workshop, name: str) -> list[str]:
    """All stored versions of an output, oldest first."""
    return sorted(path.name for path in (workshop.folder / "data" / f"{name}.json").iterdir())


def load_raw(workshop: Workshop) -> Any:
    return json.loads(workshop.raw.read_text())


_TOOL = '''

SCALE_{i} = 3


def unused_{i}(x):
    return x


def tool_{i}(x, offset=1):
    """A docstring."""
    # A comment.
    return x * SCALE_{i} + offset
'''

_WRAPS = """from functools import wraps

STEP = 0


def noted(function):
    @wraps(function)
    def inner(*arguments):
        return [value + STEP for value in function(*arguments)]

    return inner
"""

_STEP = f"""from {PACKAGE}.wraps import noted


def step_{{i}}(parameter, *parents):
    from {PACKAGE} import tools as used

    total = sum(sum(parent) for parent in parents)
    return [used.tool_{{i}}(total + parameter){{coarse}}, 1]
"""
