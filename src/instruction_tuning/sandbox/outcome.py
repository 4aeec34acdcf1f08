"""What became of a program."""

from dataclasses import dataclass
from typing import Literal

# passed: all tests ran and held; or without tests: it ran to its end, as it says itself.
# exited: it ended itself before the tests did.
Status = Literal["passed", "failed", "timeout", "memory", "output", "crashed", "exited"]


@dataclass(frozen=True)
class Outcome:
    """`reason` in plain words; `exit_code` and `signal` are null where the program did not end by itself.

    Only `passed` of a program with tests is vouched for: which of the other names a bad program gets, it can
    influence, and a program without tests can say that it ran to its end and have ended before. `seconds` is
    wall time. Output is cut at `Limits.output_bytes` and untrusted like the program. `reason` may quote the
    program or its tests; all texts are valid UTF-8.
    """

    status: Status
    reason: str
    seconds: float
    exit_code: int | None
    signal: int | None
    stdout: str
    stderr: str
