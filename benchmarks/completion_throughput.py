"""Requests a second and processor time against a server that takes 50 ms, beside a bare loop and curator.

python benchmarks/completion_throughput.py [--requests N] [--concurrency N ...] [--rounds N]
                                           [--curator-python PATH]

Each contender runs in a process of its own, after one another in each round, against one server in another
process; the table has the medians over the rounds.

    bare loop    the `openai` client on aiohttp, as many senders as the concurrency, answers kept in memory
    project      the same client through lm/completions.py: forecast, store, retries, progress
    + budget     the same with prices and a budget, which notes every request before it is sent
    curator      bespokelabs-curator in an environment of its own, where --curator-python names its Python

`sending` is from the first request to the last answer, `whole` the process with its imports. The project has
to reach 90% of the bare loop's requests a second and 1.3 times those of curator with start-up (`whole`). Exit
status 1 where a bound is missed. Other work on the machine spoils all figures but those of the processor.
"""

import argparse
import asyncio
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DELAY_SECONDS = 0.05
LEAST_OF_BARE, LEAST_OF_CURATOR = 0.9, 1.3
MODEL = "gpt-4o-mini"  # curator wants to know a model's prices by its name


def serve(port: int) -> None:
    """Answer every chat completion after `DELAY_SECONDS`."""
    from aiohttp import web

    reply = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "An answer of some words. " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 20, "completion_tokens": 100, "total_tokens": 120},
    }
    content = json.dumps(reply).encode()

    async def complete(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(DELAY_SECONDS)
        return web.Response(body=content, content_type="application/json")

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/v1/models", models)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None)


class Clock:
    """Seconds, and processor seconds of this process, since it was made."""

    def __init__(self) -> None:
        self._started, self._cpu_started = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        return {
            "sending": time.perf_counter() - self._started,
            "sending_cpu": time.process_time() - self._cpu_started,
        }


def bare(url: str, requests: int, concurrency: int) -> dict[str, float]:
    """What a plain loop over the client takes."""
    import openai

    async def run() -> dict[str, float]:
        async with openai.AsyncOpenAI(
            base_url=url,
            api_key="none",
            max_retries=0,
            http_client=openai.DefaultAioHttpClient(limits=_limits(concurrency), timeout=60.0),
        ) as client:
            numbers, texts = iter(range(requests)), {}

            async def send() -> None:
                for number in numbers:
                    reply = await client.chat.completions.create(
                        model=MODEL,
                        messages=[{"role": "user", "content": _question(number)}],
                        n=1,
                        temperature=0.7,
                        max_tokens=256,
                        seed=number,
                    )
                    texts[number] = reply.choices[0].message.content

            clock = Clock()
            await asyncio.gather(*(send() for _ in range(concurrency)))
            return clock.read()

    return asyncio.run(run())


def project(url: str, requests: int, concurrency: int, *, with_budget: bool) -> dict[str, float]:
    """What the project's own sending takes, the lookups in an empty store included."""
    from instruction_tuning.lm.chat_request import chat_request
    from instruction_tuning.lm.completion_store import CompletionStore
    from instruction_tuning.lm.completions import CompletionLimits, complete_all
    from instruction_tuning.lm.openai_endpoint import OpenAIEndpoint  # noqa: F401 - else loaded while sending
    from instruction_tuning.lm.protocol import Endpoint

    prices = {"price_per_million_input_tokens": 0.15, "price_per_million_output_tokens": 0.6}
    endpoint = Endpoint(base_url=url, model=MODEL, **(prices if with_budget else {}))
    limits = CompletionLimits(max_concurrency=concurrency, budget_usd=1000.0 if with_budget else None)
    asked = [
        chat_request(
            f"record{number}",
            "answer",
            [{"role": "user", "content": _question(number)}],
            num_samples=1,
            temperature=0.7,
            max_tokens=256,
            seed=number,
        )
        for number in range(requests)
    ]
    with tempfile.TemporaryDirectory() as folder, CompletionStore(Path(folder) / "store.sqlite") as store:
        clock = Clock()
        frame = complete_all(endpoint, asked, store, limits)
        took = clock.read()
    assert frame["status"].eq("ok").all()
    return took


def curator(url: str, requests: int, concurrency: int) -> dict[str, float]:
    """What curator takes; runs under its own Python, which knows nothing of this project."""
    from bespokelabs import curator as library

    with tempfile.TemporaryDirectory() as folder:
        teacher = library.LLM(
            model_name=MODEL,
            backend="openai",
            backend_params={
                "base_url": url,
                "api_key": "none",
                "max_concurrent_requests": concurrency,
                "max_requests_per_minute": 10_000_000,
                "max_tokens_per_minute": 10_000_000_000,
            },
            generation_params={"temperature": 0.7, "max_tokens": 256},
        )
        clock = Clock()
        replies = teacher([_question(number) for number in range(requests)], working_dir=folder)
        took = clock.read()
    assert len(getattr(replies, "dataset", replies)) == requests
    return took


def _question(number: int) -> str:
    return f"Question {number}: what is {number} plus {7 * number}? Say how you found it, in a few words."


def _limits(concurrency: int) -> Any:
    import httpx2

    return httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)


def contend(name: str, url: str, requests: int, concurrency: int) -> None:
    """Run one contender in this process, and print what it took as JSON."""
    runs = {
        "bare loop": lambda: bare(url, requests, concurrency),
        "project": lambda: project(url, requests, concurrency, with_budget=False),
        "+ budget": lambda: project(url, requests, concurrency, with_budget=True),
        "curator": lambda: curator(url, requests, concurrency),
    }
    took = runs[name]()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    total = {**took, "cpu": usage.ru_utime + usage.ru_stime}
    sys.stdout.write(f"\n{json.dumps(total)}\n")


def measure(python: str, name: str, url: str, requests: int, concurrency: int) -> dict[str, float]:
    """One contender in a process of its own."""
    arguments = ["--contender", name, "--url", url, "--requests", requests, "--concurrency", concurrency]
    settings = {"OPENAI_API_KEY": "none", "CURATOR_DISABLE_CACHE": "1", "TELEMETRY_ENABLED": "0"}
    started = time.perf_counter()
    done = subprocess.run(
        [python, __file__, *(str(word) for word in arguments)],
        capture_output=True,
        text=True,
        env=os.environ | settings,
    )
    whole = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "whole": whole}


def compare(url: str, given: argparse.Namespace) -> int:
    """Run all of them, print the table; 1 where a bound is missed."""
    pythons = {name: sys.executable for name in ("bare loop", "project", "+ budget")}
    if given.curator_python:
        pythons["curator"] = given.curator_python
    sys.stdout.write(
        "| concurrency | contender | requests/s sending | of the bare loop | requests/s whole | "
        "processor s a 1,000, sending | whole |\n|---|---|---|---|---|---|---|\n"
    )
    missed = False
    for concurrency in given.concurrency:
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
        for _ in range(given.rounds):
            for name, python in pythons.items():
                rounds[name].append(measure(python, name, url, given.requests, concurrency))
        medians = {
            name: {key: statistics.median(one[key] for one in runs) for key in runs[0]}
            for name, runs in rounds.items()
        }
        for name, took in medians.items():
            share = medians["bare loop"]["sending"] / took["sending"]
            missed |= name == "project" and share < LEAST_OF_BARE
            sys.stdout.write(
                f"| {concurrency} | {name} | {given.requests / took['sending']:,.0f} | {share:.0%} | "
                f"{given.requests / took['whole']:,.0f} | "
                f"{1000 * took['sending_cpu'] / given.requests:.3f} | "
                f"{1000 * took['cpu'] / given.requests:.3f} |\n"
            )
        if "curator" in medians:
            missed |= medians["curator"]["whole"] / medians["project"]["whole"] < LEAST_OF_CURATOR
    return int(missed)


def main() -> int:
    """Parse the command line; compare, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--concurrency", type=int, nargs="+", default=[64, 200])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--curator-python")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve)
        return 0
    if given.contender:
        contend(given.contender, given.url, given.requests, given.concurrency[0])
        return 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen([sys.executable, __file__, "--serve", str(port)])
    try:
        _wait_for(port)
        return compare(f"http://127.0.0.1:{port}/v1", given)
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
