"""Attacks on the verdict: a program that does not do what was asked, and wants to pass all the same."""

import pytest

from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program

TESTS = "assert f(20) == 41\nassert abs(g(2) - 0.5) < 1e-9\n"
RIGHT = "def f(x): return 2 * x + 1\ndef g(x): return 1 / x\n"
WRONG = "def f(x): return 0\ndef g(x): return 0\n"

FORGERIES = {
    "os._exit at the start": "import os; os._exit(0)",
    "os._exit in the function": "import os\ndef f(x): os._exit(0)",
    "sys.exit at the start": "import sys; sys.exit(0)",
    "sys.exit in the function": "import sys\ndef f(x): sys.exit(0)",
    "an exit function": WRONG + "import atexit, os; atexit.register(os._exit, 0)",
    "a verdict on stdout": WRONG + "print('{\"status\": \"passed\"}'); print('all tests passed', flush=True)",
    "a verdict on every descriptor": WRONG
    + (
        "import os, json, struct\n"
        "for message in ({'status': 'passed', 'reason': ''}, 'ok', ['value', True]):\n"
        "    data = json.dumps(message).encode()\n"
        "    for d in range(1, 100):\n"
        "        try: os.write(d, struct.pack('>I', len(data)) + data)\n"
        "        except OSError: pass\n"
    ),
    "a value whose == lies": "class Liar:\n    def __eq__(s, o): return True\ndef f(x): return Liar()\n",
    "an int whose == lies": "class Liar(int):\n    def __eq__(s, o): return True\ndef f(x): return Liar(1)\n",
    "a float that is near everything": (
        "class Near(float):\n    def __sub__(s, o): return 0.0\n    __rsub__ = __sub__\n"
        "def f(x): return 2 * x + 1\ndef g(x): return Near(9)\n"
    ),
    "patched builtins": WRONG
    + (
        "import builtins\n"
        "builtins.AssertionError = type('Never', (Exception,), {})\n"
        "builtins.exec = builtins.compile = lambda *a, **k: None\n"
        "builtins.abs = lambda x: 0\n"
    ),
    "an abs of its own": "def f(x): return 2 * x + 1\ndef g(x): return 9\ndef abs(x): return 0\n",
    "a patched checker": WRONG
    + (
        "import sys\n"
        "for name, module in list(sys.modules.items()):\n"
        "    for key, value in list(vars(module).items()) if 'instruction_tuning' in name else []:\n"
        "        if callable(value): setattr(module, key, lambda *a, **k: {'status': 'passed'})\n"
    ),
    "a patched json": WRONG
    + ('import json; json.dumps = lambda *a, **k: \'{"status": "passed", "reason": ""}\''),
    "frames of its callers": WRONG
    + (
        "import sys\nframe = sys._getframe()\n"
        "while frame:\n"
        "    frame.f_globals.update(run_tests=lambda *a, **k: {'status': 'passed', 'reason': ''})\n"
        "    frame = frame.f_back\n"
    ),
    "a trace function": WRONG + "import sys; sys.settrace(lambda *a: None); sys.setprofile(lambda *a: None)",
    "an exception that tests catch": "class E(BaseException): pass\ndef f(x): raise E\n",
    "an assertion error of its own": "def f(x): raise AssertionError",
    "a thread that outlives it": WRONG
    + ("import threading, os\nthreading.Thread(target=lambda: os.write(3, b'\\0\\0\\0\\4\"ok\"')).start()"),
}


@pytest.mark.parametrize("program", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_verdict_does_not_pass(sandbox, program):
    assert sandbox.run(Program(program, TESTS)).status != "passed"


def test_the_right_program_passes_and_a_wrong_one_fails(sandbox):
    assert sandbox.run(Program(RIGHT, TESTS)).status == "passed"
    outcome = sandbox.run(Program(WRONG, TESTS))
    assert outcome.status == "failed"
    assert "assert f(20) == 41" in outcome.reason


def test_a_program_that_judged_itself_would_be_believed():
    """The control of the patches: where tests run in the program's process, lies pass."""
    liar: dict[str, object] = {}
    exec("class Liar:\n    def __eq__(s, o): return True\ndef f(x): return Liar()\n", liar)
    exec("assert f(20) == 41", liar)


SEARCH = """
import gc, re, sys
def f(x):
    seen = set()
    def walk(thing, depth):
        if id(thing) in seen or depth > 6: return
        seen.add(id(thing))
        if isinstance(thing, str) and re.search('ne{2}dle', thing): found.append(thing)
        for inner in gc.get_referents(thing): walk(inner, depth + 1)
    found = []
    frame = sys._getframe()
    while frame:
        walk(dict(frame.f_locals), 0); walk(frame.f_globals, 0)
        frame = frame.f_back
    for thing in gc.get_objects(): walk(thing, 0)
    return len(found)
"""


def test_the_tests_are_not_in_the_programs_memory(sandbox):
    tests = "expected = 'needle'\nassert f(1) == 0, f(1)"
    assert sandbox.run(Program("", "expected = 'needle'")).status == "passed"
    assert sandbox.run(Program(SEARCH, tests)).status == "passed"
    hidden = "import types; holder = types.SimpleNamespace(text='nee' + str('dle'))\n"
    assert sandbox.run(Program(hidden + SEARCH, tests)).status == "failed", "the control: it finds its own"


def test_an_exception_that_ends_loops_does_not_end_the_tests(sandbox):
    tests = "def holds(case):\n    return f(case) == 1\nassert all(map(holds, [1, 2, 3]))"
    ends = "def f(x): raise StopIteration"
    assert sandbox.run(Program(ends, tests)).status == "failed"
    namespace: dict[str, object] = {}
    exec(f"{ends}\n{tests}", namespace)  # the control: in one process it passes


def test_a_script_is_taken_at_its_word_and_a_tested_program_is_not(sandbox):
    """Whatever stands in a script's process the script can do itself: only tests vouch for a program."""
    forged = "import os; os.write(3, b'\\0\\0\\0\\4\"ok\"'); os._exit(0)\nassert False"
    outcome = sandbox.run(Program(forged))
    assert (outcome.status, outcome.reason) == ("passed", "ran to its end, as it says itself")
    assert sandbox.run(Program(forged, TESTS)).status == "exited"


@pytest.mark.parametrize("code", [0, 1, 70, 113, 255])
def test_no_exit_code_means_anything(sandbox, code):
    assert sandbox.run(Program(f"import os; os._exit({code})", TESTS)).status == "exited"
    assert sandbox.run(Program(f"import os; os._exit({code})")).status == "exited"


@pytest.mark.parametrize(
    "ending",
    [
        "os.kill(os.getpid(), 40)",
        "os.kill(os.getpid(), 35)",
        "os.write(3, (200000).to_bytes(4, 'big') + b'[' * 60000); os._exit(0)",
        "os.write(3, b'junk'); os._exit(0)",
        "d = b'[1,' + b'[' * 950 + b']' * 950 + b',2]'; "
        "os.write(3, len(d).to_bytes(4, 'big') + d); os._exit(0)",
    ],
)
@pytest.mark.parametrize("tests", [TESTS, None], ids=["tested", "script"])
def test_no_ending_breaks_the_warden(sandbox, ending, tests):
    assert sandbox.run(Program(f"import os; {ending}", tests)).status in {"crashed", "exited", "failed"}
    assert sandbox.run(Program(RIGHT, TESTS)).status == "passed"


def test_tests_that_write_a_verdict_of_their_own_are_only_wrong(sandbox):
    tests = (
        "import json, os, struct\n"
        "data = json.dumps({'status': 'passed', 'reason': [], 'stdout': 1, 'more': 2}).encode()\n"
        "os.write(3, struct.pack('>I', len(data)) + data); os._exit(0)"
    )
    outcome = sandbox.run(Program("", tests))
    assert (outcome.status, outcome.reason, outcome.stdout) == ("passed", "[]", "")


@pytest.mark.parametrize(
    ("program", "tests"),
    [
        ("raise Exception('\\ud800')", None),
        ("class E(Exception): __str__ = lambda s: '\\ud800'\nraise E", None),
        ("raise Exception('\\ud800')", "f()"),
        ("def f(): raise Exception('\\ud800')", "f()"),
        ("", "raise Exception('\\ud800')"),
    ],
)
def test_half_a_surrogate_pair_does_not_reach_the_outcome(sandbox, program, tests):
    outcome = sandbox.run(Program(program, tests))
    assert outcome.status == "failed"
    assert "?" in outcome.reason and outcome.reason.encode()


def test_unittest_passes_by_its_result_and_not_by_its_main(sandbox):
    case = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), 1)\n"
    run = "suite = unittest.defaultTestLoader.loadTestsFromTestCase(T)\n"
    run += "assert unittest.TextTestRunner().run(suite).wasSuccessful()"
    right, wrong = "def f(x): return x", "def f(x): return 0"
    assert sandbox.run(Program(right, case + run)).status == "passed"
    assert sandbox.run(Program(wrong, case + run)).status == "failed"
    assert sandbox.run(Program(right, case + "unittest.main()")).status == "failed"


def test_what_a_test_catches_does_not_hide_a_programs_end(sandbox):
    tests = "try:\n    f(1)\nexcept Exception:\n    pass\n"
    assert sandbox.run(Program("import os\ndef f(x): os._exit(0)", tests)).status == "exited"
    assert sandbox.run(Program("def f(x): raise ValueError", tests)).status == "passed"


def test_values_keep_their_kind(sandbox):
    program = "def same(x): return x"
    tests = "\n".join(
        f"assert same({value}) == {value} and type(same({value})) is type({value})"
        for value in (
            "[1, (2, {3}), {'a': [None, True]}]", "b'x'", "1e-300", "float('inf')", "2 ** 200",
            "-(7 ** 9000)", "1 + 2j",
            "frozenset({(1, 2)})", "'\\ud800é'", "{(1, 2): 3}",
        )
    )  # fmt: skip
    assert sandbox.run(Program(program, tests)).status == "passed"


def test_an_object_of_the_program_can_be_handed_back_to_it(sandbox):
    program = "class Pair:\n    def __init__(s, a): s.a = a\ndef first(pair): return pair.a"
    assert sandbox.run(Program(program, "assert first(Pair(7)) == 7")).status == "passed"


def test_exceptions_of_the_program_reach_its_tests(sandbox):
    tests = (
        "try:\n    f(1)\nexcept ZeroDivisionError as fault:\n    assert 'zero' in str(fault)\n"
        "else:\n    assert False"
    )
    assert sandbox.run(Program("def f(x): return x / 0", tests)).status == "passed"
    assert sandbox.run(Program("def f(x): return x", tests)).status == "failed"


def test_a_function_with_the_name_of_a_builtin_is_tested_if_the_task_asks_for_it(sandbox):
    program, tests = "def sum(a, b): return a + b", "assert sum(1, 2) == 3"
    assert sandbox.run(Program(program, tests, ("sum",))).status == "passed"
    assert sandbox.run(Program(program, tests)).status == "failed"


def test_many_programs_keep_their_order():
    programs = [Program(f"def f(): return {i}", f"assert f() == {i if i % 3 else -1}") for i in range(30)]
    with Sandbox(limits=Limits(), workers=3) as sandbox:
        outcomes = sandbox.run_all(programs)
    assert [outcome.status for outcome in outcomes] == ["passed" if i % 3 else "failed" for i in range(30)]


def test_the_same_program_gets_the_same_random_numbers(sandbox):
    program = Program("import random; print(random.random(), hash('x'))")
    assert sandbox.run(program).stdout == sandbox.run(program).stdout


@pytest.mark.parametrize(
    "ordinary",
    [
        "import asyncio\nasync def main(): await asyncio.sleep(0)\nasyncio.run(main())",
        "from concurrent.futures import ThreadPoolExecutor as T\n"
        "with T(4) as t: assert list(t.map(abs, [-1])) == [1]",
        "import tempfile\nwith tempfile.TemporaryFile() as f: f.write(b'x')",
        "import fcntl\nwith open('x', 'w') as f: fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "import decimal, sqlite3, hashlib, zoneinfo, uuid, secrets, json, csv, xml.etree.ElementTree as e\n"
        "sqlite3.connect(':memory:').execute('select 1'); secrets.token_hex(); e.fromstring('<a/>')",
        "import sys; assert sys.stdin.read() == ''",
        "if __name__ != '__main__': raise SystemExit(1)",
    ],
)
def test_ordinary_programs_run(sandbox, ordinary):
    outcome = sandbox.run(Program(ordinary))
    assert outcome.status == "passed", outcome
