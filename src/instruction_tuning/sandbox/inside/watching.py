"""The clock and the output of a running program."""

import os
import select
import time
from dataclasses import dataclass, field

# The longest answer of a program to its tests, and so the longest verdict.
ANSWER_BYTES = 1 << 24


@dataclass
class Watched:
    """The pipes of a running program, and what came out of them."""

    output_bytes: int
    deadline: float
    output: dict[int, bytearray]
    verdict: int
    verdict_text: bytearray = field(default_factory=bytearray)

    def read(self, descriptor: int) -> bool:
        """Take what is there; false at the end of the pipe, or for now."""
        try:
            part = os.read(descriptor, 1 << 16)
        except BlockingIOError:
            return False
        target = self.verdict_text if descriptor == self.verdict else self.output[descriptor]
        if len(target) <= max(self.output_bytes, ANSWER_BYTES if descriptor == self.verdict else 0):
            target += part
        return bool(part)

    @property
    def overflows(self) -> bool:
        return sum(map(len, self.output.values())) > self.output_bytes


def watch(watched: Watched, process: int) -> str | None:
    """Until `process` ends; "timeout" or "output" where it had to be stopped."""
    poll = select.poll()
    for descriptor in (*watched.output, watched.verdict):
        os.set_blocking(descriptor, False)
        poll.register(descriptor, select.POLLIN)
    poll.register(0, 0)  # the parent hanging up
    ended = os.pidfd_open(process)
    poll.register(ended, select.POLLIN)
    try:
        while (left := watched.deadline - time.monotonic()) > 0:
            for descriptor, event in poll.poll(left * 1000 + 1):
                if descriptor == ended:
                    return None
                if descriptor == 0:
                    if event & (select.POLLHUP | select.POLLERR):
                        return "timeout"
                elif not watched.read(descriptor):
                    poll.unregister(descriptor)
            if watched.overflows:
                return "output"
        return "timeout"
    finally:
        os.close(ended)
