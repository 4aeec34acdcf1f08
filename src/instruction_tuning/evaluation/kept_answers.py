"""The answers of a model that is being measured, kept by batches: a stopped run goes on behind the last one.

One line of JSON a batch, written at once: what a kill cuts off is a whole batch, so those that are left are
the batches that an undisturbed run would have made, with the same padding and the same answers.
"""

import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


class KeptAnswers:
    """Answers by prompt and settings of generation, in `file`; also the hook that lm-eval tells of each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._known: dict[str, str] = {}
        self._batch: dict[str, str] = {}
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            try:
                self._known.update(json.loads(line))
            except ValueError:
                continue  # cut off by a kill
        if self._known:
            logger.info("a stopped run left %d answers: going on behind them", len(self._known))

    def find(self, request: Iterable[Any]) -> str | None:
        """The answer to `request`, a prompt and its settings, where there is one."""
        return self._known.get(_key(request))

    def add_partial(self, _kind: str, request: Iterable[Any], response: str) -> None:
        """One answer of the batch at hand."""
        self._batch[_key(request)] = response

    def end_batch(self) -> None:
        """Keep the answers since the last call."""
        if not self._batch:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Behind half a line it begins a new one; of two runs at once neither writes into the other's.
        line = "\n" + json.dumps(self._batch, ensure_ascii=False) + "\n"
        stream = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(stream, line.encode())
        finally:
            os.close(stream)
        self._known.update(self._batch)
        self._batch = {}

    def forget(self) -> None:
        """The model is measured."""
        self._file.unlink(missing_ok=True)


def _key(request: Iterable[Any]) -> str:
    return json.dumps(list(request), sort_keys=True, ensure_ascii=False)
