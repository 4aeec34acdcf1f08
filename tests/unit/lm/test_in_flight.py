"""How many are in flight: halved by a 429, raised by answers, held back where nothing is left."""

import asyncio
import time

import pytest
from chat_requests import asking, endpoint
from chat_server import ChatServer

from instruction_tuning.lm.attempt import AttemptError
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.in_flight import InFlight
from instruction_tuning.lm.rate_limits import RateNews, Remaining
from instruction_tuning.lm.retrying import RetryPolicy
from instruction_tuning.lm.stopping import Stop


async def _rounds() -> None:
    gate = InFlight(8, Stop())
    rounds = [await gate.enter() for _ in range(8)]
    for sent in rounds:
        gate.refused(sent)
        gate.leave()
    assert gate.limit == 4  # eight refusals of one round are one decrease
    for _ in range(4):
        await gate.enter()
        gate.answered(30)
        gate.leave()
    assert gate.limit == 4 and 4.8 < gate._limit < 5
    for _ in range(100):
        gate.answered(30)
    assert gate.limit == 8


def test_a_round_of_refusals_halves_once_and_a_round_of_answers_adds_one():
    asyncio.run(_rounds())


def test_what_is_left_is_used_up_and_no_more_until_it_is_renewed():
    async def use() -> tuple[int, float]:
        gate = InFlight(8, Stop())
        await gate.enter()
        gate.leave(RateNews(requests=Remaining(2, 0.2)))
        started = time.monotonic()
        for _ in range(2):
            await gate.enter()
        assert time.monotonic() - started < 0.1
        await gate.enter()
        return gate.count, time.monotonic() - started

    count, waited = asyncio.run(use())
    assert count == 3 and waited >= 0.15


def test_a_turn_that_is_given_up_takes_nothing_of_what_is_left():
    async def use() -> float:
        gate = InFlight(8, Stop())
        await gate.enter()
        gate.answered(100)
        gate.leave(RateNews(requests=Remaining(2, 30.0), tokens=Remaining(250, 30.0)))
        started = time.monotonic()
        for _ in range(50):
            await gate.enter()
            gate.give_up_turn()
        await gate.enter()
        await gate.enter()
        return time.monotonic() - started

    assert asyncio.run(use()) < 1.0


def test_tokens_that_are_left_count_by_what_a_request_took_so_far():
    async def use() -> int:
        gate = InFlight(8, Stop())
        await gate.enter()
        gate.answered(100)
        gate.leave(RateNews(tokens=Remaining(250, 30.0)))
        entered = 0
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    await gate.enter()
                    entered += 1
        return entered

    assert asyncio.run(use()) == 2


def test_a_stop_wakes_those_who_wait_for_their_turn():
    async def use() -> None:
        stop = Stop()
        gate = InFlight(1, stop)
        await gate.enter()
        waiting = [asyncio.create_task(gate.enter()) for _ in range(3)]
        await asyncio.sleep(0)
        stop.ask()
        for task in waiting:
            with pytest.raises(AttemptError):
                await task

    asyncio.run(use())


def test_a_server_that_takes_four_at_a_time_is_found_out_and_asked_for_no_more(store, caplog):
    refused = []

    def four_at_a_time(body, attempt):
        if server.in_flight > 4:
            refused.append(body)
            return {"status": 429}

    policy = RetryPolicy(backoff_base_seconds=0.01, backoff_cap_seconds=0.05)
    with ChatServer(four_at_a_time, delay_seconds=0.01) as server:
        frame = complete_all(
            endpoint(server), asking(150), store, CompletionLimits(max_concurrency=32, retries=policy)
        )
    assert frame["status"].eq("ok").all()
    # Without learning, 28 of every 32 would come back: some hundreds.
    assert len(refused) < 110
    assert "wants fewer requests" in caplog.text


def test_a_server_that_tells_what_is_left_is_never_asked_for_more(store):
    window_seconds, allowed = 0.4, 10
    arrived: list[float] = []
    refused = []

    def window(body, attempt):
        now = time.monotonic()
        arrived.append(now)
        started = now - (now - arrived[0]) % window_seconds
        used = sum(moment >= started for moment in arrived)
        left, reset = max(allowed - used, 0), started + window_seconds - now
        server.headers = {
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": f"{1000 * reset + 1:.0f}ms",
        }
        if used > allowed:
            refused.append(body)
            return {"status": 429, "headers": server.headers}

    with ChatServer(window) as server:
        frame = complete_all(endpoint(server), asking(35), store, CompletionLimits(max_concurrency=5))
    assert frame["status"].eq("ok").all()
    assert not refused
