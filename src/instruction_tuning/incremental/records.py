"""What executions of nodes left, one JSON file for each node and key, beside the data that they describe.

A record is written after every output of the node was saved, by one rename: whenever a process is killed, a
record is there whole or not at all. docs/incremental_runs.md has the fields.
"""

import json
import os
import re
import statistics
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from instruction_tuning.prompts.read_prompts import ReadPrompt

FOLDER = ".executions"
PROMPTS = ".prompts"
SCHEMA = 1
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class StoredState:
    """One data set as a node found or left it; `version` is null for what keeps one state only."""

    digest: str
    version: str | None
    stored: bool = True


@dataclass(frozen=True)
class FailedRequests:
    """How many of a node's requests brought nothing, and a digest of which.

    `again`: the same ones as in the execution before, so that there is no use in a third.
    """

    count: int
    digest: str
    again: bool = False


@dataclass(frozen=True)
class Execution:
    """One finished execution of a node."""

    node: str
    key: str
    finished_at: str  # UTC, ISO 8601
    seconds: float
    session: str
    inputs: dict[str, StoredState]
    outputs: dict[str, StoredState]
    parameters: dict[str, Any]  # flat, secrets blanked
    code: dict[str, str]
    versions: dict[str, str]
    files: dict[str, str]
    entries: dict[str, Any]
    wiring: Any
    bound: str
    failed_requests: FailedRequests | None = None
    prompts: dict[str, str] | None = None  # name to digest of those that it read; null in records from before


class ExecutionRecords:
    """The records in `data/.executions`."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER
        self._known: dict[str, list[Execution]] = {}

    def find(self, node: str, key: str) -> Execution | None:
        """The execution of `node` under `key`."""
        return _read(self._file(node, key))

    def newest(self, node: str) -> Execution | None:
        """The last execution of `node` under any key."""
        return max(self._all(node), key=lambda execution: execution.finished_at, default=None)

    def usual_seconds(self, node: str) -> float | None:
        """The median of how long `node` took; null where it never ran."""
        taken = [execution.seconds for execution in self._all(node)]
        return statistics.median(taken) if taken else None

    def all(self) -> list[Execution]:
        """Every record that can be read; whatever wrote half of one, or another schema, is passed over."""
        found = [_read(file) for file in sorted(self._folder.glob("*/*.json"))]
        return [execution for execution in found if execution is not None]

    def write(self, execution: Execution) -> None:
        """Keep `execution`, in place of an older one of the same node and key."""
        text = json.dumps(
            {"schema": SCHEMA, **asdict(execution)}, ensure_ascii=False, indent=1, sort_keys=True
        )
        _write(self._file(execution.node, execution.key), text + "\n")
        self._known.pop(execution.node, None)

    def keep_prompt(self, prompt: ReadPrompt) -> None:
        """Keep the text of a prompt, once."""
        file = self.prompt_file(prompt.name, prompt.digest)
        if not file.is_file():
            _write(file, prompt.text + "\n")

    def prompt_file(self, name: str, digest: str) -> Path:
        """Where the text of a prompt lies that an execution has read."""
        return self._folder / PROMPTS / f"{_UNSAFE.sub('_', name)}.{digest}.txt"

    def remove(self, node: str, key: str) -> None:
        """Forget an execution: what it stood for is not so any more."""
        self._file(node, key).unlink(missing_ok=True)
        self._known.pop(node, None)

    def _all(self, node: str) -> list[Execution]:
        if node not in self._known:
            found = [_read(file) for file in self._file(node, "").parent.glob("*.json")]
            self._known[node] = [execution for execution in found if execution is not None]
        return self._known[node]

    def _file(self, node: str, key: str) -> Path:
        return self._folder / _UNSAFE.sub("_", node)[:150] / f"{key}.json"


def _write(file: Path, text: str) -> None:
    """By one rename."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)


def _read(file: Path) -> Execution | None:
    """Null for a record that is missing, broken or of another schema: its node runs again."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.pop("schema") != SCHEMA:
            return None
        states: dict[str, Mapping[str, StoredState]] = {
            side: {name: StoredState(**state) for name, state in content[side].items()}
            for side in ("inputs", "outputs")
        }
        failed = content.pop("failed_requests", None)
        return Execution(
            **(content | states), failed_requests=None if failed is None else FailedRequests(**failed)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
