"""Kill -9 at random points against a real HTTP server: nothing that was paid for is lost or paid twice.

python benchmarks/completion_kills.py [--kills N] [--requests N] [--seeds N]

Each seed kills a run of requests N times, after random numbers of new requests, and lets it finish.
The store then has to be that of a run that nobody killed, and no more requests may have been repeated than
were in flight at the kills. Once the budget is enough for all that they can lose; and once, with half as many
kills, it is 90% of what the requests cost alone: it has to stop the run while what the server would have
charged for, the lost answers included, is within it (after which the run goes on without one).
Exit status 1 where one of these does not hold.
"""

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from killed_completions import MAX_CONCURRENCY, REQUEST_USD, WORST_USD, kill_repeatedly

SHARE_OF_NEED = 0.9


def main() -> int:
    """Kill, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    need_usd = given.requests * REQUEST_USD
    enough_usd = need_usd + (given.kills + 1) * MAX_CONCURRENCY * WORST_USD
    budgets = [(given.kills, enough_usd), (max(given.kills // 2, 1), SHARE_OF_NEED * need_usd)]
    sys.stdout.write(
        "| seed | kills | requests | repeated | at most | charged, $ | budget, $ | stopped by it | "
        "same store |\n|---|---|---|---|---|---|---|---|---|\n"
    )
    all_hold = True
    for seed, (kills, budget_usd) in product(range(given.seeds), budgets):
        with tempfile.TemporaryDirectory() as folder:
            killed = kill_repeatedly(
                Path(folder), kills=kills, requests=given.requests, budget_usd=budget_usd, seed=seed
            )
        most = kills * MAX_CONCURRENCY
        all_hold &= killed.is_identical and killed.repeated <= most and killed.charged_usd <= budget_usd
        all_hold &= killed.is_stopped == (budget_usd < need_usd)
        sys.stdout.write(
            f"| {seed} | {kills} | {given.requests:,} | {killed.repeated} | {most} | "
            f"{killed.charged_usd:,.0f} | {budget_usd:,.0f} | "
            f"{'yes' if killed.is_stopped else 'no'} | {'yes' if killed.is_identical else 'NO'} |\n"
        )
        sys.stdout.flush()
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
