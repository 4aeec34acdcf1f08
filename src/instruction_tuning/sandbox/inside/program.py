"""The untrusted process: it runs the program and then answers the calls of the tests.

Nothing that this process says is believed. It never sees the tests or an expected value; a program that takes
this module apart can change its own answers and no more.
"""

import builtins
import os
import random
import sys
import traceback
from typing import Any

from instruction_tuning.sandbox.inside.frames import receive, send
from instruction_tuning.sandbox.inside.plain_values import decode, encode

_LONGEST_CALL_BYTES = 1 << 24
# For incremental runs: what a model wrote was written without this package.
RUNS_STRANGERS_CODE_ONLY = True


def run_program(source: str, *, requests: int | None, answers: int) -> None:
    """Run `source`; without `requests` as a script, with them as a module that then serves calls.

    `answers` gets one message for loading ("ok", or ["raised", kind, text]) and one for each call.
    """
    random.seed(0)  # the same program is given the same verdict
    namespace: dict[str, Any] = {
        "__name__": "__main__" if requests is None else "program",
        "__builtins__": builtins,
    }
    try:
        exec(compile(source, "<program>", "exec"), namespace)
    except BaseException as fault:
        if isinstance(fault, SystemExit) and fault.code in (None, 0) and requests is None:
            send(answers, "ok")
            return
        if not isinstance(fault, SystemExit):
            traceback.print_exc()
        send(answers, _raised(fault))
        return
    send(answers, "ok")
    if requests is not None:
        _serve(namespace, requests, answers)


def _serve(namespace: dict[str, Any], requests: int, answers: int) -> None:
    kept: list[Any] = []
    while True:
        try:
            name, arguments, keywords = receive(requests, _LONGEST_CALL_BYTES)
        except EOFError:
            return
        try:
            if name not in namespace:
                raise NameError(f"name {name!r} is not defined")
            given = [decode(value, kept) for value in arguments]
            named = {key: decode(value, kept) for key, value in keywords.items()}
            reply = ["value", encode(namespace[name](*given, **named), kept)]
        except BaseException as fault:
            reply = _raised(fault)
        send(answers, reply)


def _raised(fault: BaseException) -> list[str]:
    kind = type(fault).__name__
    try:
        return ["raised", kind, str(fault)[:2000]]
    except BaseException:
        return ["raised", kind, ""]


def finish() -> None:
    """Let the output out and end without clean-up: threads and exit functions do not run on."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            continue
    os._exit(0)
