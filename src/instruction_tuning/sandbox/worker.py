"""A warden as the project sees it: started once, given one program after the other."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.sandbox.inside.frames import exactly, receive, send
from instruction_tuning.sandbox.inside.removal import remove_tree
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.outcome import Outcome
from instruction_tuning.sandbox.program import Program
from instruction_tuning.sandbox.verdict import outcome

_SOURCE = Path(__file__).parents[2]
_START = "import sys; sys.path.insert(0, sys.argv.pop(1)); from {module} import main; del sys.path[0]; main()"
_LONGEST_REPLY_BYTES = 1 << 16
# All that a program finds in its environment, beside HOME and TMPDIR. One arena: each would take 64 MiB of
# the address space that is allowed.
_ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"}


class Worker:
    """One warden process. Not for use by several threads at a time."""

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        self._without = without
        self._folder = TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True)
        os.chmod(self._folder.name, 0o711)  # the program's user has to get to its scratch folder
        root = Path(self._folder.name, "root")
        root.mkdir(mode=0o711)
        root.chmod(0o711)
        configuration = json.dumps({"readable": readable_folders(), "without": sorted(without)})
        with open(Path(self._folder.name, "errors.txt"), "wb") as errors:
            self._process = subprocess.Popen(
                [
                    getattr(sys, "_base_executable", sys.executable),
                    *("-s", "-P", "-S", "-B", "-c"),
                    _START.format(module="instruction_tuning.sandbox.inside.warden"),
                    str(_SOURCE),
                    str(root),
                    configuration,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_ENVIRONMENT,
                cwd="/",
            )
        self.found: dict[str, dict[str, bool]] = self._reply()

    def run(self, program: Program, limits: Limits) -> Outcome:
        """The outcome of one program. WorkspaceError where the warden itself fails."""
        tested = program.tests is not None
        assert self._process.stdin is not None
        try:
            # Three messages with three readers: warden, checker, and the program's own process.
            send(self._process.stdin.fileno(), {"tested": tested, "limits": vars(limits)})
            if tested:
                send(self._process.stdin.fileno(), [program.tests, program.functions])
            send(self._process.stdin.fileno(), program.source)
        except BrokenPipeError as fault:
            raise self._broken("it has ended") from fault
        ended = self._reply()
        texts = [self._next(exactly, size) for size in ended["sizes"]]
        return outcome(ended, texts, limits, tested=tested)

    def close(self) -> None:
        """End the warden, and with it all that it runs."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        with suppress(OSError):
            remove_tree(self._folder.name)
        self._folder.cleanup()

    def _reply(self) -> Any:
        return self._next(receive, _LONGEST_REPLY_BYTES)

    def _next(self, read: Callable[[int, int], Any], size: int) -> Any:
        assert self._process.stdout is not None
        try:
            return read(self._process.stdout.fileno(), size)
        except (EOFError, ValueError) as fault:
            raise self._broken("it gave no answer") from fault

    def _broken(self, why: str) -> WorkspaceError:
        told = Path(self._folder.name, "errors.txt").read_text(errors="replace")[-2000:]
        self.close()
        return WorkspaceError(
            f"the sandbox's warden does not work: {why}\n{told}",
            fix="look at `python -m instruction_tuning.sandbox`, and for free memory and disk",
        )


def readable_folders() -> list[str]:
    """Python's own library and the system's shared libraries; no site-packages but the interpreter's."""
    standard = os.path.realpath(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix}))
    libraries = os.path.realpath(os.path.join(sys.base_prefix, "lib"))
    system = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache"]
    return list(dict.fromkeys([standard, libraries, *system]))
