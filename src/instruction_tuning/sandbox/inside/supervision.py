"""One program and its tests: fork, watch the clock and the output, kill everything, say what happened."""

import os
import resource
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NoReturn

from instruction_tuning.sandbox.inside.checker import run_tests
from instruction_tuning.sandbox.inside.confinement import Means, confine
from instruction_tuning.sandbox.inside.frames import receive, send
from instruction_tuning.sandbox.inside.program import finish, run_program
from instruction_tuning.sandbox.inside.watching import Text, Watched, watch

_READ = b"r"
_LONGEST_MESSAGE_BYTES = 1 << 27
# Of a program to its tests.
_LONGEST_ANSWER_BYTES = 1 << 24
# The checker's own status where the program was gone before its tests were done.
_PROGRAM_EXITED = 3


def supervise(
    tested: bool, limits: Mapping[str, float], means: Means, scratch: str
) -> tuple[dict[str, Any], list[Text]]:
    """How it ended, and the texts: output, error, verdict. OSError where the barriers do not go up.

    On standard input lie the tests, if `tested`, and then the program. The checker reads the tests before the
    program is forked, and the program reads itself: this process, from which the next program will be forked,
    holds none of it, and nothing is left unread for the next one, whatever happens.
    """
    pipes = {name: os.pipe() for name in ("out", "err", "verdict", "requests", "answers", "fault")}
    reading, writing = ({name: pipe[end] for name, pipe in pipes.items()} for end in (0, 1))
    checking = None
    if tested:
        checking = _forked(
            [None, None, writing["verdict"], writing["requests"], reading["answers"]],
            writing["fault"],
            lambda: confine(means, {**limits, "processes": 1}, scratch),
            _check,
        )
    answers = writing["answers" if tested else "verdict"]
    untrusted = _forked(
        [writing["out"], writing["err"], answers, reading["requests"]],
        writing["fault"],
        lambda: confine(means, limits, scratch, not_signalled=(checking,) if checking else ()),
        lambda source: run_program(source, requests=4 if tested else None, answers=3),
    )
    started = time.monotonic()
    for descriptor in (*writing.values(), reading["requests"], reading["answers"]):
        os.close(descriptor)
    watched = Watched(
        output_bytes=int(limits["output_bytes"]),
        deadline=started + limits["wall_seconds"],
        out=Text(reading["out"]),
        err=Text(reading["err"]),
        verdict=Text(reading["verdict"]),
    )
    try:
        stopped = watch(watched, checking or untrusted)
        status, used = _end(untrusted, checking, watched, means)
    finally:
        fault = os.read(reading["fault"], 1 << 12)  # its writers are gone
        os.close(reading["fault"])
    if fault:
        raise OSError(f"a barrier that held at the start does not go up any more: {fault.decode()}")
    return {
        "stopped": "output" if watched.overflows else stopped,
        "status": status,
        "processor_seconds": used,
        "seconds": round(time.monotonic() - started, 4),
        "sizes": [text.size for text in watched.texts],
    }, watched.texts


def _check(given: tuple[str, list[str]]) -> None:
    told = run_tests(*given, requests=4, answers=5, limit_bytes=_LONGEST_ANSWER_BYTES)
    send(3, told)
    if told["status"] == "exited":
        os._exit(_PROGRAM_EXITED)


def _forked(
    descriptors: list[int | None],
    fault: int,
    confined: Callable[[], None],
    work: Callable[[Any], None],
) -> int:
    """A child with standard output, error, and further descriptors from 3 on, and with no others.

    First of all it reads what it is to work on, for which we wait. It writes to `fault` if it cannot be
    confined, and has closed it before it does its work.
    """
    ready, is_ready = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(descriptors, fault, is_ready, confined, work)
    os.close(is_ready)
    has_read = os.read(ready, 1)
    os.close(ready)
    if not has_read:
        raise OSError(f"no program or tests could be read; {_LONGEST_MESSAGE_BYTES} bytes are the most")
    return child


def _in_child(
    descriptors: list[int | None],
    fault: int,
    is_ready: int,
    confined: Callable[[], None],
    work: Callable[[Any], None],
) -> NoReturn:
    high = None
    try:
        given = receive(0, _LONGEST_MESSAGE_BYTES)
        os.write(is_ready, _READ)
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
        work(given)
    except BaseException:
        os._exit(1)
    finish()
    os._exit(0)


def _end(untrusted: int, checking: int | None, watched: Watched, means: Means) -> tuple[int | None, float]:
    """Kill all that is left. How the program had ended (null: not by itself), its processor seconds."""
    by_itself = _ended(untrusted) is not None
    if checking is not None and not by_itself and _ended(checking) == _PROGRAM_EXITED:
        # Its pipe closes a moment before its end can be seen.
        time.sleep(0.02)
        by_itself = _ended(untrusted) is not None
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
    for text in watched.texts:
        while not watched.overflows and text.take():
            pass
    return (status if by_itself else None), usage.ru_utime + usage.ru_stime


def _ended(process: int) -> int | None:
    """Its exit status or signal, null while it runs; it stays to be waited for."""
    told = os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return None if told is None else told.si_status
