"""What a program's end means, in words."""

import json
import os
import signal
from collections.abc import Mapping
from typing import Any

from instruction_tuning.sandbox.inside.checker import VERDICTS
from instruction_tuning.sandbox.inside.watching import Watched


def verdict(
    watched: Watched,
    stopped: str | None,
    status: int | None,
    used: float,
    limits: Mapping[str, float],
    *,
    tested: bool,
) -> dict[str, Any]:
    """`status`, `reason`, `exit_code` and `signal` of an Outcome.

    `status` is how the program ended (null: it was killed), `used` its processor seconds.
    """
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    ending = {"exit_code": code if code is None or code >= 0 else None, "signal": None}
    if code is not None and code < 0:
        ending["signal"] = -code
    if stopped == "timeout":
        return {**ending, "status": "timeout", "reason": f"stopped after {limits['wall_seconds']:g} seconds"}
    if stopped == "output" or watched.overflows:
        return {**ending, "status": "output", "reason": f"more than {watched.output_bytes} bytes of output"}
    # The kernel counts the limit in ticks and `used` exactly: on a busy machine they differ by some tenths.
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used >= limits["cpu_seconds"] * 0.6):
        seconds = f"{limits['cpu_seconds']:g}"
        return {**ending, "status": "timeout", "reason": f"{seconds} seconds of processor used"}
    if code is not None and code < 0:
        # Real-time signals have numbers only.
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return {**ending, "status": "crashed", "reason": f"the program was ended by {name}"}
    told = _message(bytes(watched.verdict_text))
    if tested:
        # A checker's verdict may come from a teacher's tests: nothing but these two fields is taken from it.
        if not isinstance(told, dict) or told.get("status") not in VERDICTS:
            told = {"status": "failed", "reason": "the tests ended without a verdict"}
        return {**ending, "status": told["status"], "reason": str(told.get("reason"))[:500]}
    if told == "ok" and code == 0:
        return {**ending, "status": "passed", "reason": "ran to its end"}
    if isinstance(told, list) and len(told) == 3 and told[1] != "SystemExit":
        kind = "memory" if told[1] == "MemoryError" else "failed"
        return {**ending, "status": kind, "reason": f"{told[1]}: {told[2]}"[:500]}
    return {**ending, "status": "exited", "reason": f"the program ended itself with code {code}"}


def _message(data: bytes) -> Any:
    try:
        return json.loads(data[4 : 4 + int.from_bytes(data[:4], "big")])
    except (ValueError, RecursionError):
        return None
