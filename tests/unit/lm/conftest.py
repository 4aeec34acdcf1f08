"""What tests of requests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from instruction_tuning.lm.completion_store import CompletionStore


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CompletionStore]:
    """An empty store of completions."""
    with CompletionStore(tmp_path / "completions.sqlite") as opened:
        yield opened
