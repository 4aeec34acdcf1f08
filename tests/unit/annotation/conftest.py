"""A folder that cannot be written, and a server with its store."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may not write to, even when root runs the tests."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
