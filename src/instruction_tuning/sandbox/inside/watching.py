"""The clock and the output of a running program."""

import os
import select
import time
from dataclasses import dataclass

# The project parses it: some hundred characters as the checker writes it.
_VERDICT_BYTES = 1 << 16


class Text:
    """What comes out of one pipe, kept in a file in memory. It never passes through ours: see warden.py."""

    def __init__(self, pipe: int) -> None:
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self.size = 0
        self._file = os.memfd_create("text")

    def take(self) -> bool:
        """Take what is there; false at the end of the pipe, or for now."""
        try:
            taken = os.splice(self.pipe, self._file, 1 << 16)
        except BlockingIOError:
            return False
        self.size += taken
        return taken > 0

    def pass_on(self, descriptor: int) -> None:
        """Write all of it to `descriptor`, and be done with it."""
        sent = 0
        while sent < self.size:
            sent += os.sendfile(descriptor, self._file, sent, self.size - sent)
        os.close(self._file)
        os.close(self.pipe)


@dataclass
class Watched:
    """A running program's clock and texts."""

    output_bytes: int
    deadline: float
    out: Text
    err: Text
    verdict: Text

    @property
    def texts(self) -> list[Text]:
        return [self.out, self.err, self.verdict]

    @property
    def overflows(self) -> bool:
        return self.out.size + self.err.size > self.output_bytes or self.verdict.size > _VERDICT_BYTES


def watch(watched: Watched, process: int) -> str | None:
    """Until `process` ends; "timeout" or "output" where it had to be stopped."""
    poll = select.poll()
    texts = {text.pipe: text for text in watched.texts}
    for descriptor in texts:
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
                elif not texts[descriptor].take():
                    poll.unregister(descriptor)
            if watched.overflows:
                return "output"
        return "timeout"
    finally:
        os.close(ended)
