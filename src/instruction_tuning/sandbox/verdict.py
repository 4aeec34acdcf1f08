"""What a program's end means, in words."""

import json
import os
import signal
from collections.abc import Mapping
from typing import Any

from instruction_tuning.sandbox.inside.checker import VERDICTS
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.outcome import Outcome


def outcome(ended: Mapping[str, Any], texts: list[bytes], limits: Limits, *, tested: bool) -> Outcome:
    """From what a warden says: `ended` of `supervise`, and the texts: output, error, verdict."""
    out, err = (text[: limits.output_bytes].decode("utf-8", "replace") for text in texts[:2])
    told = _verdict(ended, texts[2], limits, tested=tested)
    # The text of an exception may hold half a surrogate pair, which no file takes as UTF-8.
    reason = told.pop("reason").encode("utf-8", "replace").decode()
    return Outcome(**told, reason=reason, seconds=ended["seconds"], stdout=out, stderr=err)


def _verdict(ended: Mapping[str, Any], verdict: bytes, limits: Limits, *, tested: bool) -> dict[str, Any]:
    stopped, status, used = ended["stopped"], ended["status"], ended["processor_seconds"]
    code = os.waitstatus_to_exitcode(status) if status is not None else None
    ending: dict[str, Any] = {"exit_code": code if code is None or code >= 0 else None, "signal": None}
    if code is not None and code < 0:
        ending["signal"] = -code
    if stopped == "timeout":
        return {**ending, "status": "timeout", "reason": f"stopped after {limits.wall_seconds:g} seconds"}
    if stopped == "output":
        return {**ending, "status": "output", "reason": f"more than {limits.output_bytes} bytes of output"}
    # The kernel counts the limit in ticks and `used` exactly: on a busy machine they differ by some tenths.
    if code == -signal.SIGXCPU or (code == -signal.SIGKILL and used >= limits.cpu_seconds * 0.6):
        seconds = f"{limits.cpu_seconds:g}"
        return {**ending, "status": "timeout", "reason": f"{seconds} seconds of processor used"}
    if code is not None and code < 0:
        # Real-time signals have numbers only.
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return {**ending, "status": "crashed", "reason": f"the program was ended by {name}"}
    told = _message(verdict)
    if tested:
        # A checker's verdict may come from a teacher's tests: nothing but these two fields is taken from it.
        if not isinstance(told, dict) or told.get("status") not in VERDICTS:
            told = {"status": "failed", "reason": "the tests ended without a verdict"}
        return {**ending, "status": told["status"], "reason": str(told.get("reason"))[:500]}
    if told == "ok" and code == 0:
        return {**ending, "status": "passed", "reason": "ran to its end, as it says itself"}
    if isinstance(told, list) and len(told) == 3 and told[1] != "SystemExit":
        kind = "memory" if told[1] == "MemoryError" else "failed"
        return {**ending, "status": kind, "reason": f"{told[1]}: {told[2]}"[:500]}
    return {**ending, "status": "exited", "reason": f"the program ended itself with code {code}"}


def _message(data: bytes) -> Any:
    try:
        return json.loads(data[4 : 4 + int.from_bytes(data[:4], "big")])
    except (ValueError, RecursionError):
        return None
