"""A run of requests that is killed: what is paid for is kept, and the budget holds for all runs together."""

import signal

import pytest
from chat_requests import asking, endpoint
from chat_server import ChatServer
from killed_completions import MAX_CONCURRENCY, REQUEST_USD, WORST_USD, kill_repeatedly

from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all

REQUESTS = 200


def test_kills_at_random_points_repeat_only_what_was_in_flight_and_stay_within_the_budget(tmp_path):
    kills = 2
    enough = REQUESTS * REQUEST_USD + kills * MAX_CONCURRENCY * WORST_USD + MAX_CONCURRENCY * WORST_USD
    killed = kill_repeatedly(tmp_path, kills=kills, requests=REQUESTS, budget_usd=enough, seed=1)
    assert killed.is_identical
    assert killed.repeated <= kills * MAX_CONCURRENCY
    assert not killed.is_stopped and killed.charged_usd <= enough


def test_kills_do_not_make_a_budget_that_is_too_small_larger(tmp_path):
    """The last run stops, and what it may spend is less by what the kills have lost."""
    kills, budget_usd = 3, 0.8 * REQUESTS * REQUEST_USD
    killed = kill_repeatedly(tmp_path, kills=kills, requests=REQUESTS, budget_usd=budget_usd, seed=3)
    assert killed.is_stopped and killed.is_identical
    assert killed.repeated <= kills * MAX_CONCURRENCY
    # It is used up, too, as far as the worst price of what was lost allows.
    lost_usd = kills * MAX_CONCURRENCY * WORST_USD
    assert budget_usd - lost_usd - WORST_USD < killed.charged_usd <= budget_usd


def test_after_ctrl_c_nothing_is_repeated(tmp_path):
    killed = kill_repeatedly(
        tmp_path, kills=1, requests=REQUESTS, budget_usd=None, seed=2, blow=signal.SIGINT
    )
    assert killed.is_identical
    assert killed.repeated == 0


def test_what_a_kill_has_lost_counts_as_spent_at_its_worst(tmp_path):
    """Three requests were on their way: they may have been charged for, and nobody will ever know."""
    prices = {"price_per_million_output_tokens": 1e6}
    with ChatServer() as server, CompletionStore(tmp_path / "store.sqlite") as store:
        server.usage = {"prompt_tokens": 0, "completion_tokens": 8}
        teacher = endpoint(server, **prices)
        complete_all(teacher, asking(1), store, CompletionLimits(budget_usd=100.0))
        assert store.sent_total() == (0, 0.0)  # what came back is no longer on its way
        key = next(iter(store.query("SELECT request_id FROM completions")))[0]
        for _ in range(3):
            store.note_sent([(key, WORST_USD)])
        with pytest.raises(BudgetExceededError, match=r"\$56\.0000 of the \$70\.0000"):
            complete_all(teacher, asking(3), store, CompletionLimits(budget_usd=70.0))
        assert len(server.requests) == 1
        complete_all(teacher, asking(3), store, CompletionLimits(budget_usd=90.0))
        assert len(server.requests) == 3
        assert store.sent_total() == (3, 3 * WORST_USD)
