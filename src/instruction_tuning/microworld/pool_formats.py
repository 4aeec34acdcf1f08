"""The pool's rows in the three formats that raw data comes in: Alpaca, ShareGPT, BELLE."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PoolRow:
    """A question with its answer (of any type, where a fault is planted), the turns before it, the truth."""

    question: str
    input: str
    answer: Any
    turns: tuple[tuple[str, str], ...]
    truth: dict[str, Any]


def alpaca_file(rows: list[PoolRow]) -> bytes:
    """A JSON array of `instruction`, `input`, `output`."""
    return json.dumps([_alpaca(row) for row in rows], ensure_ascii=False, indent=1).encode()


def sharegpt_file(rows: list[PoolRow]) -> bytes:
    """JSON lines of `conversations`."""
    return "".join(_line(row, _sharegpt) for row in rows).encode()


def belle_file(rows: list[PoolRow]) -> bytes:
    """JSON lines of `instruction`, `input` (always empty), `output`."""
    return "".join(_line(row, _belle) for row in rows).encode()


def _alpaca(row: PoolRow) -> dict[str, Any]:
    instruction, given = row.question, ""
    suffix = f"\n\n{row.input}"
    if row.input and instruction.endswith(suffix):
        instruction, given = instruction.removesuffix(suffix), row.input
    return {"instruction": instruction, "input": given, "output": row.answer}


def _sharegpt(row: PoolRow) -> dict[str, Any]:
    turns = [
        {"from": role, "value": text}
        for question, answer in (*row.turns, (row.question, row.answer))
        for role, text in (("human", question), ("gpt", answer))
    ]
    return {"conversations": turns}


def _belle(row: PoolRow) -> dict[str, Any]:
    return {"instruction": row.question, "input": "", "output": row.answer}


def _line(row: PoolRow, write: Callable[[PoolRow], dict[str, Any]]) -> str:
    text = json.dumps(write(row), ensure_ascii=False)
    if row.truth["fault"] == "broken_json":
        text = text[: len(text) // 2]
    return f"{text}\n"
