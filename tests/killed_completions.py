"""A run of requests in a process of its own that is killed again and again, against a real server."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from chat_requests import asking
from chat_server import MODEL, ChatServer

from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all

MAX_CONCURRENCY = 16
REQUEST_USD, WORST_USD = 8.0, 16.0  # a token costs a dollar: eight come, sixteen are the most
_PRICES = {"price_per_million_output_tokens": 1e6}
_SCRIPT = """
import sys
sys.path[:0] = {folders!r}
from killed_completions import complete
complete({url!r}, {store!r}, {requests}, {budget_usd})
"""


@dataclass(frozen=True)
class Killed:
    """What came of it: requests that were asked for more than once, what the server would have charged by the
    end or by the moment when the budget stopped a run, and whether store and frame are those of a run that
    nobody killed, in the end.
    """

    kills: int
    repeated: int
    charged_usd: float
    is_stopped: bool
    is_identical: bool


def complete(url: str, store: str, requests: int, budget_usd: float | None):
    from instruction_tuning.lm.protocol import Endpoint

    teacher = Endpoint(base_url=url, model=MODEL, **_PRICES)
    limits = CompletionLimits(max_concurrency=MAX_CONCURRENCY, budget_usd=budget_usd)
    with CompletionStore(store) as opened:
        return complete_all(teacher, asking(requests), opened, limits)


def kill_repeatedly(
    folder: Path,
    *,
    kills: int,
    requests: int,
    budget_usd: float | None,
    seed: int,
    blow: signal.Signals = signal.SIGKILL,
    delay_seconds: float = 0.02,
) -> Killed:
    """Kill the run `kills` times, each time after a random number of new requests; then let it finish.

    Where the budget stops it, it goes on without one.
    """
    draw = random.Random(seed)
    at_once = requests // (kills + 1)
    with ChatServer(delay_seconds=delay_seconds) as server:
        server.usage = {"prompt_tokens": 0, "completion_tokens": 8}
        undisturbed = complete(server.base_url, str(folder / "undisturbed.sqlite"), requests, None)
        server.requests.clear()
        for _ in range(kills):
            _kill_one(server, folder / "killed.sqlite", requests, budget_usd, draw.randint(1, at_once), blow)
        is_stopped = False
        try:
            frame = complete(server.base_url, str(folder / "killed.sqlite"), requests, budget_usd)
        except BudgetExceededError:
            is_stopped = True
        charged_usd = REQUEST_USD * len(server.requests)
        if is_stopped:
            frame = complete(server.base_url, str(folder / "killed.sqlite"), requests, None)
        served = server.served()
    return Killed(
        kills=kills,
        repeated=sum(count - 1 for count in served.values()),
        charged_usd=charged_usd,
        is_stopped=is_stopped,
        is_identical=frame.equals(undisturbed) and _rows(folder, "killed") == _rows(folder, "undisturbed"),
    )


def _kill_one(
    server: ChatServer, store: Path, requests: int, budget_usd: float | None, after: int, blow: signal.Signals
) -> None:
    folders = [str(Path(__file__).parent)]
    script = _SCRIPT.format(
        folders=folders, url=server.base_url, store=str(store), requests=requests, budget_usd=budget_usd
    )
    before = len(server.requests)
    run = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
    while len(server.requests) < before + after:
        assert run.poll() is None, "the run ended before its moment"
        time.sleep(0.002)
    run.send_signal(blow)
    assert run.wait(30) != 0


def _rows(folder: Path, name: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / f"{name}.sqlite") as connection:
        columns = "request_id, status, choices, prompt_tokens, completion_tokens, price_usd, error"
        return list(connection.execute(f"SELECT {columns} FROM completions ORDER BY request_id"))
