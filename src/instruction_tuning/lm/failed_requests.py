"""Which requests of this process have failed since somebody last asked, for whoever runs the nodes.

Nodes know of no run, and few of their frames have a row for each request: it is noted where all of them send.
"""

import pandas as pd

_FAILED: set[str] = set()


def note_failed(completions: pd.DataFrame) -> None:
    """Note the requests of `completions` that brought fewer samples than were asked for."""
    _FAILED.update(completions.loc[completions["status"] == "failed", "request_id"])


def take_failed() -> frozenset[str]:
    """Ids of the requests that were noted, which are forgotten with that."""
    taken = frozenset(_FAILED)
    _FAILED.clear()
    return taken
