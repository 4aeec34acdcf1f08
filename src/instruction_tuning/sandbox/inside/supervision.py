"""One program and its tests: fork, watch the clock and the output, kill everything, say what happened."""

import json
import os
import resource
import signal
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

from instruction_tuning.sandbox.inside.checker import run_tests
from instruction_tuning.sandbox.inside.confinement import Means, confine
from instruction_tuning.sandbox.inside.program import finish, run_program
from instruction_tuning.sandbox.inside.verdict import verdict
from instruction_tuning.sandbox.inside.watching import ANSWER_BYTES, Watched, watch


def supervise(
    program: str,
    read_tests: Callable[[], Any] | None,
    limits: Mapping[str, float],
    means: Means,
    scratch: str,
) -> dict[str, Any]:
    """The fields of an Outcome. OSError where the barriers do not go up.

    `read_tests` is called once, after the fork of the program, whose memory must not hold the tests.
    """
    started = time.monotonic()
    pipes = {name: os.pipe() for name in ("out", "err", "verdict", "requests", "answers", "fault")}
    reading, writing = ({name: pipe[end] for name, pipe in pipes.items()} for end in (0, 1))
    answers = writing["answers"] if read_tests else writing["verdict"]
    untrusted = _forked(
        [writing["out"], writing["err"], answers, reading["requests"]],
        writing["fault"],
        lambda: confine(means, limits, scratch),
        lambda: run_program(program, requests=4 if read_tests else None, answers=3),
    )
    checking = None
    if read_tests:
        tests, functions = read_tests()
        checking = _forked(
            [None, None, writing["verdict"], writing["requests"], reading["answers"]],
            writing["fault"],
            lambda: confine(means, {**limits, "processes": 1}, scratch),
            lambda: _check(tests, functions),
        )
    for descriptor in (*writing.values(), reading["requests"], reading["answers"]):
        os.close(descriptor)
    watched = Watched(
        output_bytes=int(limits["output_bytes"]),
        deadline=started + limits["wall_seconds"],
        output={reading["out"]: bytearray(), reading["err"]: bytearray()},
        verdict=reading["verdict"],
    )
    try:
        stopped = watch(watched, checking or untrusted)
        status, used = _end(untrusted, checking, watched, means)
    finally:
        fault = os.read(reading["fault"], 1 << 12)  # its writers are gone
        for name in ("out", "err", "verdict", "fault"):
            os.close(reading[name])
    if fault:
        raise OSError(f"a barrier that held at the start does not go up any more: {fault.decode()}")
    out, err = (bytes(watched.output[reading[name]][: watched.output_bytes]) for name in ("out", "err"))
    return {
        **verdict(watched, stopped, status, used, limits, tested=checking is not None),
        "seconds": round(time.monotonic() - started, 4),
        "stdout": out.decode("utf-8", "replace"),
        "stderr": err.decode("utf-8", "replace"),
    }


def _check(tests: str, functions: list[str]) -> None:
    told = run_tests(tests, functions, requests=4, answers=5, limit_bytes=ANSWER_BYTES)
    data = json.dumps(told).encode()
    os.write(3, struct.pack(">I", len(data)) + data)


def _forked(
    descriptors: list[int | None], fault: int, confined: Callable[[], None], work: Callable[[], None]
) -> int:
    """A child with standard output, error, and further descriptors from 3 on, and with no others.

    It writes to `fault` if it cannot be confined, and has closed it before it does its work.
    """
    child = os.fork()
    if child:
        return child
    _in_child(descriptors, fault, confined, work)


def _in_child(
    descriptors: list[int | None], fault: int, confined: Callable[[], None], work: Callable[[], None]
) -> NoReturn:
    high = None
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        # First out of the way of the places that they will get.
        wanted = [*descriptors, fault]
        high = [os.dup2(nothing if one is None else one, 64 + i) for i, one in enumerate(wanted)]
        os.dup2(nothing, 0)
        for place, descriptor in zip((1, 2, *range(3, 3 + len(high))), high, strict=False):
            os.dup2(descriptor, place)
        os.closerange(1 + len(high), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        confined()
    except BaseException as problem:
        os.write(fault if high is None else len(high), repr(problem).encode()[:500])
        os._exit(1)
    os.close(len(high))
    try:
        work()
    except BaseException:
        os._exit(1)
    finish()
    os._exit(0)


def _end(untrusted: int, checking: int | None, watched: Watched, means: Means) -> tuple[int | None, float]:
    """Kill all that is left. How the program had ended (null: not by itself), its processor seconds."""
    ended = os.WEXITED | os.WNOHANG | os.WNOWAIT
    by_itself = os.waitid(os.P_PID, untrusted, ended) is not None
    if checking is not None and not by_itself and b'"exited"' in watched.verdict_text:
        # Its pipe closes a moment before its end can be seen.
        time.sleep(0.02)
        by_itself = os.waitid(os.P_PID, untrusted, ended) is not None
    for process in (untrusted, checking):
        if process is not None:
            os.kill(process, signal.SIGKILL)
    if means.namespaces:
        with suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)  # all of this process namespace, but for its first: this one
    _, status, usage = os.wait4(untrusted, 0)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    for descriptor in (*watched.output, watched.verdict):
        while not watched.overflows and watched.read(descriptor):
            pass
    return (status if by_itself else None), usage.ru_utime + usage.ru_stime
