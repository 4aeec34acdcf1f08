"""The answers of a model that is being measured, kept by batches: a stopped run goes on behind the last one.

One line of JSON a batch, written at once: what a kill cuts off is a whole batch, so those that are left are
the batches that an undisturbed run would have made, with the same padding and the same answers.
"""

import json
import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class KeptAnswers:
    """Answers by prompt and settings of generation, in `file`; also the hook that lm-eval tells of each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._batch: list[tuple[str, str]] = []
        self._known: dict[str, list[str]] = {}
        for line in file.read_bytes().split(b"\n") if file.is_file() else ():
            with suppress(ValueError, TypeError):  # half a line, cut off by a kill or a full disk
                for asked, answer in json.loads(line):
                    self._known.setdefault(asked, []).append(answer)
        if self._known:
            answers = sum(len(found) for found in self._known.values())
            logger.info("a stopped run left %d answers: going on behind them", answers)

    def take(self, request: Iterable[Any]) -> str | None:
        """The answer to `request`, a prompt and its settings, where there is one; each is given once.

        Items that ask the same are interchangeable: as many as were answered are left out of the batches.
        """
        found = self._known.get(_key(request))
        return found.pop(0) if found else None

    def add_partial(self, _kind: str, request: Iterable[Any], response: str) -> None:
        """One answer of the batch at hand."""
        self._batch.append((_key(request), response))

    def end_batch(self) -> None:
        """Keep the answers since the last call."""
        if not self._batch:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Behind half a line it begins a new one; of two runs at once neither writes into the other's.
        line = f"\n{json.dumps(self._batch)}\n".encode()
        with self._file.open("ab", buffering=0) as stream:
            while line:
                line = line[stream.write(line) :]
        self._batch = []

    def forget(self) -> None:
        """The model is measured."""
        self._file.unlink(missing_ok=True)


def _key(request: Iterable[Any]) -> str:
    return json.dumps(list(request), sort_keys=True)
