"""A real OpenAI-compatible server: `transformers serve` in a virtual environment of its own.

    python benchmarks/real_server.py [--model FOLDER]

Exports the model (default: the committed base), serves the export, and runs the project's answer
generation and rating against it. Prints what the server does with each part of the protocol.
REAL_SERVER_PYTHON names a Python that has transformers[serving]; without it one is installed into a
temporary folder (about 1 GB). Nothing but packages is downloaded.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from instruction_tuning.lm.protocol import Endpoint

PROJECT = Path(__file__).resolve().parents[1]
PACKAGES = ("torch==2.13.0", "transformers[serving]==5.23.0", "accelerate")
SAMPLES, QUERIES, MAX_TOKENS = 4, 5, 24


def server_python(holder: Path) -> Path:
    """The named Python, or one of a new environment with the server's packages."""
    if named := os.environ.get("REAL_SERVER_PYTHON"):
        return Path(named)
    subprocess.run([sys.executable, "-m", "venv", holder / "venv"], check=True)
    python = holder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(python: Path, folder: Path, log: Path) -> Iterator[str]:
    """The base_url of a server of `folder`, stopped at the end."""
    port = free_port()
    command = [python.with_name("transformers"), "serve", folder, "--port", port, "--device", "cpu"]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    with log.open("w") as stream:
        server = subprocess.Popen(
            [str(word) for word in command], stdout=stream, stderr=stream, env=environment
        )
    try:
        for _ in range(240):
            if server.poll() is not None:
                raise SystemExit(f"the server ended: {log.read_text()[-2000:]}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def ask(base_url: str, **body: Any) -> tuple[int, Any]:
    """Status and body of one completion, without this project's client."""
    request = urllib.request.Request(
        f"{base_url}/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")
        return error.code, text


def protocol(base_url: str, model: str) -> dict[str, str]:
    """What the server does with each field that answer generation sends or reads."""
    question = [{"role": "user", "content": "what is 12 plus 7?"}]
    plain = {"model": model, "messages": question, "max_tokens": MAX_TOKENS}
    _, first = ask(base_url, **plain, temperature=0.0)
    several, many = ask(base_url, **plain, n=3, temperature=1.0)
    drawn = [ask(base_url, **plain, temperature=1.5, seed=seed)[1] for seed in (1, 1, 2, 3)]
    texts = [reply["choices"][0]["message"]["content"] for reply in drawn]
    _, short = ask(base_url, **{**plain, "max_tokens": 1}, temperature=0.0)
    other, _ = ask(base_url, **{**plain, "model": "another-name"})
    unknown, refusal = ask(base_url, **plain, no_such_field=1)
    return {
        "greedy answer": repr(first["choices"][0]["message"]["content"]),
        "n=3": f"{several}, {len(many['choices'])} choice(s)" if several == 200 else f"{several}: {many}",
        "same seed, same text": str(texts[0] == texts[1]),
        "other seeds, other texts": f"{len(set(texts[1:]))} of 3",
        "usage": str(first.get("usage")),
        "finish_reason at the end of a turn": str(first["choices"][0]["finish_reason"]),
        "finish_reason at max_tokens=1": str(short["choices"][0]["finish_reason"]),
        "not streamed unless asked": str("choices" in first),
        "another model name": str(other),
        "an unknown field": f"{unknown}: {refusal if unknown != 200 else 'passed over'}",
    }


def generate(base_url: str, model: str, holder: Path) -> dict[str, str]:
    """The project's own nodes: K answers to each query, a rating of each, a second run for nothing."""
    from instruction_tuning.pipelines.answer_generation import nodes
    from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters

    file = PROJECT / "conf" / "base" / "parameters_answer_generation.yml"
    parameters = AnswerGenerationParameters(
        **yaml.safe_load(file.read_text(encoding="utf-8"))["answer_generation"]
        | {
            "seed": 1,
            "num_samples": SAMPLES,
            "temperature": 1.0,
            "max_tokens": MAX_TOKENS,
            "max_concurrency": 4,
            # What a base model says of an answer may be nothing at all, or no mark.
            "max_failure_rate": 1.0,
            "max_unreadable_rate": 1.0,
            "completion_store": str(holder / "completions.sqlite"),
        }
    )
    queries = pd.DataFrame(
        {
            "record_id": [f"{number:016x}" for number in range(QUERIES)],
            "prompt": [f"what is {number} plus 7?" for number in range(QUERIES)],
            "messages": [
                [{"role": "user", "content": f"what is {number} plus 7?"}] for number in range(QUERIES)
            ],
        }
    )
    teacher = Endpoint(base_url=base_url, model=model, price_per_million_input_tokens=0.15)
    answers, outcomes = nodes.generate_answers(queries, teacher, None, parameters)
    completions, rated = nodes.rate_answers(queries, answers, outcomes, teacher, None, parameters)
    gone = Endpoint(base_url="http://127.0.0.1:9/v1", model=model, price_per_million_input_tokens=0.15)
    # A base model says nothing at times; what failed is asked for again, so only the rest can be free.
    single = parameters.model_copy(update={"num_samples": 1})
    first, _ = nodes.generate_answers(queries, teacher, None, single)
    is_answered = (first["status"] == "ok").to_numpy()
    again, _ = nodes.generate_answers(queries[is_answered], gone, None, single)
    ok = answers["status"] == "ok"
    return {
        "answers": f"{ok.sum()} of {QUERIES * SAMPLES}; HTTP requests {answers['request_id'].nunique()}",
        "different answers a query": f"{answers[ok].groupby('record_id')['response'].nunique().mean():.1f}",
        "usage reported": f"{answers['usage_reported'].mean():.0%}",
        "booked": f"${completions['price_usd'].sum():.6f}",
        "ratings": str(rated["rating_status"].value_counts().to_dict()),
        "second run": "nothing sent, same answers"
        if again.equals(first[is_answered].reset_index(drop=True))
        else "differs",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=PROJECT / "data" / "06_models" / "microworld_base")
    model = parser.parse_args().model
    with tempfile.TemporaryDirectory() as name:
        holder = Path(name)
        python = server_python(holder)
        export = [sys.executable, "-m", "kedro", "export", str(model.absolute()), str(holder / "export")]
        subprocess.run(export, cwd=PROJECT, check=True)
        versions = "import torch, transformers; print(torch.__version__, transformers.__version__)"
        subprocess.run([str(python), "-c", versions], check=True)
        with serving(python, holder / "export", holder / "server.log") as base_url:
            served = str(holder / "export")
            found = protocol(base_url, served) | generate(base_url, served, holder)
    for what, result in found.items():
        print(f"{what:36s} {result.replace(name, '...')}")


if __name__ == "__main__":
    main()
