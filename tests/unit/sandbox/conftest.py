"""Sandboxes with all barriers, with the portable ones alone, and with none: the control of an attack."""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")

EVERYTHING = frozenset({"namespaces", "landlock", "seccomp", "privileges"})
SHORT = Limits(wall_seconds=10, cpu_seconds=5)

# What an attack prints once it has got what it wanted.
REACHED = "REACHED"

Attack = Callable[[str], Outcome]


@pytest.fixture(scope="session", params=["every barrier", "without namespaces"])
def guarded(request: pytest.FixtureRequest) -> Iterator[Attack]:
    """Runs an attack behind barriers: all of them, or what is left where namespaces are forbidden."""
    if sys.platform != "linux":
        pytest.skip("the barriers are Linux's")
    without = frozenset() if request.param == "every barrier" else frozenset({"namespaces"})
    # Without a private root, root's programs become another user only if that one can read Python's library.
    allowed = bool(without) and os.geteuid() == 0 and not _others_can_read(sysconfig.get_path("stdlib"))
    with Sandbox(limits=SHORT, without=without, allow_missing_barriers=allowed) as sandbox:
        missing = {barrier.name for barrier in sandbox.barriers.missing}
        assert missing <= ({"privileges"} if allowed else set())
        yield lambda source: sandbox.run(Program(source))


@pytest.fixture(scope="session")
def unguarded() -> Iterator[Attack]:
    """Runs an attack with limits only, to show that it would work."""
    if sys.platform != "linux":
        pytest.skip("the barriers are Linux's")
    with Sandbox(limits=SHORT, without=EVERYTHING, allow_missing_barriers=True) as sandbox:
        yield lambda source: sandbox.run(Program(source))


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """Every barrier, limits of ten seconds."""
    if sys.platform != "linux":
        pytest.skip("the barriers are Linux's")
    with Sandbox(limits=SHORT) as sandbox:
        yield sandbox


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder outside in which every user may do everything: nothing but the barriers protects it."""
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield Path(folder)


def _others_can_read(folder: str) -> bool:
    path = Path(folder).resolve()
    return all(place.stat().st_mode & 0o005 == 0o005 for place in (path, *path.parents))
