"""Ctrl-C while the libraries are still being imported: one line and no traceback, as later.

Imported for its effect, before all that takes long; commands have `plain_errors` of their own. The process
ends as any that is interrupted, which a shell calls 130.
"""

import sys
from types import TracebackType

_before = sys.excepthook


def _say_stopped(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("\nStopped.\n")
    else:
        _before(kind, error, trace)


sys.excepthook = _say_stopped
