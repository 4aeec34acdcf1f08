"""Attacks on what a forked process inherits: all memory of its parent, freed or not."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program

SOURCE = Path(__file__).parents[3] / "src"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")

# write(2) of an address that is not mapped is an error and no crash, so that a program can look everywhere
# without /proc: from the heap, Python's arenas, large blocks, libraries, the stack and the environment on.
SEARCH = """
import ctypes, fcntl, os, re
libc = ctypes.CDLL(None)
libc.sbrk.restype = ctypes.c_void_p
reading, writing = os.pipe()
for end in (reading, writing): fcntl.fcntl(end, fcntl.F_SETFL, os.O_NONBLOCK)
def page(address):
    written = libc.write(writing, ctypes.c_void_p(address), ctypes.c_size_t(4096))
    return os.read(reading, 4096) if written > 0 else None
def search(pattern):
    found, seen = set(), set()
    environment = ctypes.POINTER(ctypes.c_void_p).in_dll(libc, "environ")
    starts = [libc.sbrk(0) - 4096, id(object()), id([0] * 100000), ctypes.addressof(ctypes.c_char()),
              ctypes.cast(libc.write, ctypes.c_void_p).value, ctypes.cast(environment, ctypes.c_void_p).value,
              environment[0]]
    for start in starts:
        for step in (-4096, 4096):
            address, gap, last = start & ~4095, 0, b""
            while gap < 300:
                here = None if address in seen else page(address)
                gap = gap + 1 if here is None else 0
                if here is not None:
                    seen.add(address)
                    both = last + here if step > 0 else here + last
                    found.update(re.findall(pattern, both))
                last = here or b""
                address += step
    return found
def needles(): return sorted(found.decode() for found in search(rb"hidden[-]([a-z]+)[-]needle"))
"""
# Finds no test of its own before it is asked: it was forked before they came, or they are elsewhere.
LEARNER = SEARCH + (
    "known = {int(x): int(y) for x, y in search(rb'f\\((\\d+)\\) == (\\d+) ')}\n"
    "def f(x): return known.get(x, 0)\n"
)
TESTS = "".join(f"assert f({x}) == {x * 7919 % 1000} \n" for x in range(60))
# What a warden would be that reads its jobs itself: it reads one, forgets it, forks, and the child searches.
FORGETFUL = """
import os, sys
sys.path.insert(0, sys.argv[1])
from instruction_tuning.sandbox.inside.frames import receive
source, call = sys.argv[2:4]
earlier = receive(0, 1 << 20)
del earlier
if os.fork() == 0:
    namespace = {}
    exec(source, namespace)
    print(eval(call, namespace), flush=True)
    os._exit(0)
os.wait()
"""


def forgetful(source: str, call: str, earlier: object) -> str:
    data = json.dumps(earlier).encode()
    return subprocess.run(
        [sys.executable, "-S", "-c", FORGETFUL, str(SOURCE), source, call, "hidden-argument-needle"],
        input=struct.pack(">I", len(data)) + data,
        env={"X": "hidden-environment-needle"},
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.decode()


@pytest.fixture(params=["every barrier", "without namespaces"])
def fresh(request, monkeypatch):
    """A warden of its own, started by a process that has something to hide."""
    monkeypatch.setenv("TEACHER_API_KEY", "hidden-environment-needle")
    without = frozenset() if request.param == "every barrier" else frozenset({"namespaces"})
    with Sandbox(limits=Limits(), without=without, allow_missing_barriers=os.geteuid() == 0) as sandbox:
        yield sandbox


def test_the_search_finds_what_a_forgetful_warden_has_read():
    """The control: job, environment and arguments of the process that a program is forked from."""
    # Of many sizes: some of what was freed is used again before the search, which depends on the paths.
    earlier = {
        name: [f"hidden-{name}-needle " * times for times in (1, 9, 30, 99, 300, 999)]
        for name in ("tests", "program")
    }
    found = {needle for _ in range(3) for needle in eval(forgetful(SEARCH, "needles()", earlier))}
    assert {"environment", "argument", "program", "tests"} <= found
    assert forgetful(LEARNER, "f(7)", [TESTS, []]) == f"{7 * 7919 % 1000}\n"


def test_nothing_of_an_earlier_program_is_inherited(fresh):
    earlier = "# hidden-program-needle\nprint('hidden-output-needle' * 99)\ndef f(x): return x\n"
    tests = "# hidden-tests-needle\nassert f(1) == 2, 'hidden-reason-needle'"
    for _ in range(3):
        outcome = fresh.run(Program(earlier, tests, ("hidden-function-needle",)))
        assert outcome.status == "failed" and "hidden-reason-needle" in outcome.reason
        assert fresh.run(Program(earlier + "raise ValueError('hidden-fault-needle')")).status == "failed"
    assert fresh.run(Program(SEARCH + "print(needles())")).stdout == "[]\n"
    own = "own = 'hidden-own-needle' * 2\n"
    assert fresh.run(Program(own + SEARCH + "print(needles())")).stdout == "['own']\n", "the search works"


def test_a_programs_own_tests_are_not_in_its_memory(fresh):
    tests = "expected = 'hidden-tests-needle'\nassert needles() == [], needles()"
    for _ in range(2):
        outcome = fresh.run(Program(SEARCH, tests, ("hidden-function-needle",)))
        assert outcome.status == "passed", outcome.reason


def test_answers_are_not_learnt_from_an_earlier_programs_tests(fresh):
    assert fresh.run(Program("def f(x): return 1", TESTS)).status == "failed"
    for _ in range(3):
        assert fresh.run(Program(LEARNER, TESTS)).status == "failed"
