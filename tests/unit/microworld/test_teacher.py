"""The teacher keeps to its stated mistakes, over real HTTP."""

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from instruction_tuning.microworld import teacher as teacher_module
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.verification.answer_score import answer_score

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and not item["turns"]]
FAULTLESS = TeacherFaults(error_rate=0, verbosity=0, rating_noise=0, unparseable_rate=0)


def _is_right(item: dict[str, Any], response: str) -> bool:
    rubric = {"kind": item["answer_kind"], "answer": item["target"], **json.loads(item["rubric"] or "{}")}
    return answer_score(response, rubric) == 1


def _ask(teacher: Teacher, question: str, seed: int = 0) -> str:
    return teacher.reply([{"role": "user", "content": question}], seed, 0)


def test_faultless_teacher_is_always_right() -> None:
    teacher = Teacher(WORLD, FAULTLESS, seed=1)
    assert all(_is_right(item, _ask(teacher, item["question"])) for item in ITEMS)


def test_share_of_mistakes_is_the_stated_one() -> None:
    teacher = Teacher(WORLD, TeacherFaults(error_rate=0.2), seed=1)
    right = [_is_right(item, _ask(teacher, item["question"], seed)) for item in ITEMS for seed in range(5)]
    assert 0.16 < 1 - sum(right) / len(right) < 0.24


@pytest.mark.parametrize("question", ["What is the meaning of life?", "Sort the moon.", ""])
def test_unrecognised_question_gets_nonsense_never_the_truth(question: str) -> None:
    assert _ask(Teacher(WORLD, FAULTLESS, seed=1), question) in NONSENSE


def test_rating_tells_right_from_wrong() -> None:
    teacher = Teacher(WORLD, FAULTLESS, seed=1)
    prompt = read_prompt("rating").text
    item = ITEMS[0]
    right, wrong = (
        _ask(teacher, prompt.replace("{instruction}", item["question"]).replace("{response}", response))
        for response in (item["target"], "Xyzzy")
    )
    assert (right, wrong) == ("Rating: 8", "Rating: 3")


def test_same_request_gets_the_same_reply_and_another_seed_another_fingerprint() -> None:
    first, second = (Teacher(WORLD, TeacherFaults(), seed=1) for _ in range(2))
    assert [_ask(first, item["question"]) for item in ITEMS] == [
        _ask(second, item["question"]) for item in ITEMS
    ]
    assert first.fingerprint == second.fingerprint != Teacher(WORLD, TeacherFaults(), seed=2).fingerprint


def test_the_fingerprint_changes_with_the_code_of_the_world_and_not_with_a_comment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fingerprint() -> str:
        return Teacher(WORLD, TeacherFaults(), seed=1).fingerprint

    copy = shutil.copytree(Path(teacher_module.__file__).parent, tmp_path / "microworld") / "world.py"
    monkeypatch.setattr(teacher_module, "__file__", str(copy.with_name("teacher.py")))
    before, code = fingerprint(), copy.read_text()
    copy.write_text(f"# A comment.\n{code}\n\n# Another.\n")
    assert fingerprint() == before
    copy.write_text(code.replace("WORLD_SEED =", "WORLD_SEED = 1 +"))
    assert fingerprint() != before


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "instruction_tuning.microworld.teacher_server", "--error-rate", "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on http://127.0.0.1:")
    yield line.split()[2]
    process.terminate()
    process.wait(10)
    process.stdout.close()


def _post(url: str, body: bytes) -> dict[str, Any]:
    request = urllib.request.Request(f"{url}/chat/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_server_speaks_chat_completions(server: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": ITEMS[0]["question"]}], "n": 3}
    answer = _post(server, json.dumps(body).encode())
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert all(_is_right(ITEMS[0], choice["message"]["content"]) for choice in answer["choices"])
    assert answer["usage"]["total_tokens"] == sum(
        answer["usage"][name] for name in ("prompt_tokens", "completion_tokens")
    )


@pytest.mark.parametrize("body", [b"not json", b"{}", b'{"messages": []}', b'{"messages": [3]}', b"[]"])
def test_malformed_request_is_refused_with_400(server: str, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        _post(server, body)
    assert refused.value.code == 400
    refused.value.close()


def test_server_ends_with_the_process_that_started_it() -> None:
    starter = (
        "import os, subprocess, sys\n"
        "server = subprocess.Popen([sys.executable, '-m', 'instruction_tuning.microworld.teacher_server',\n"
        "    '--parent-pid', str(os.getpid())], stdout=subprocess.PIPE, text=True)\n"
        "server.stdout.readline(); print(server.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    pid = int(subprocess.run([sys.executable, "-c", starter], capture_output=True, text=True).stdout)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.1)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
