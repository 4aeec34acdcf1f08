"""Benchmarks on the page of a pool: what was found of each, and the matching texts side by side."""

from collections.abc import Hashable, Mapping
from html import escape
from typing import Any

import pandas as pd

from instruction_tuning.reporting.html_table import table
from instruction_tuning.reporting.text_html import text_as_html
from instruction_tuning.seeds import substream
from instruction_tuning.text.counting import counted
from instruction_tuning.text.tokens import token_spans

_MAX_CHARACTERS = 1200
# Shown before the first match where the text is cut.
_BEFORE_CHARACTERS = 200
_HIGHLIGHT_TOKENS = 4
_WORDS = {
    "equals_item": "is the question",
    "overlaps_item": "shares its n-grams and content",
    "holds_short_item": "has it as a sentence",
    "same_options": "has its stem and options",
    "same_operands": "asks for the same calculation",
    "token_share": "share of its tokens",
}


def contamination_section(report: pd.DataFrame, matches: pd.DataFrame, *, seed: int, most: int) -> str:
    """A table of the benchmarks, and of each benchmark's split at most `most` pairs of texts, drawn by
    chance."""
    return _summary(report) + "".join(
        _pair(row)
        for (benchmark, split), of_split in matches.groupby(["benchmark", "split"])
        for row in _drawn(of_split, most, seed, str(benchmark), str(split))
    )


def _summary(report: pd.DataFrame) -> str:
    rows = []
    for row in report.to_dict("records"):
        rules = ", ".join(f"{words}: {row[rule]:,}" for rule, words in _WORDS.items() if row[rule])
        shares = (
            f"; items dirty {row['items_dirty']:,}, clean {row['items_clean']:,}"
            if pd.notna(row["items_dirty"])
            else ""
        )
        rows.append(
            (
                text_as_html(f"{row['benchmark']}, {row['split']}", most=80),
                *(f"{row[name]:,}" for name in ("items", "items_too_short", "items_found")),
                *(f"{row[name]:,}" for name in ("records_removed", "records_in_distribution")),
                escape(f"{rules or '-'}{shares}"),
            )
        )
    header = (
        "benchmark",
        "items",
        "too short to check",
        "found",
        "records removed",
        "kept and flagged",
        "how",
    )
    return f"<div class='benchmarks'>{table(header, rows)}</div>"


def _drawn(matches: pd.DataFrame, most: int, seed: int, *key: str) -> list[dict[Hashable, Any]]:
    count = min(most, len(matches))
    positions = substream(seed, "contamination", *key).sample(range(len(matches)), count)
    return matches.iloc[sorted(positions)].to_dict("records")


def _pair(row: Mapping[Hashable, Any]) -> str:
    fate = "rejected" if row["decision"] == "removed" else "flagged"
    where = "answer" if row["role"] == "assistant" else "prompt"
    facts = [
        f"<b>{escape(str(row['decision']).replace('_', '-'))}</b>",
        f"<span>{escape(_WORDS[str(row['rule'])])}, {row['share']:.0%}</span>",
        f"<span>{text_as_html(str(row['source']), most=80)}</span>",
        f"<code>{text_as_html(str(row['source_row_id']))}</code>",
    ]
    record, item = str(row["record_text"]), str(row["item_text"])
    name = f"{row['benchmark']} {row['split']} {row['item_id']}"
    return (
        f"<article class='{fate}'><header>{''.join(facts)}</header><div class='pair'>"
        f"<div><span>{where} of the record</span><p>{_marked(record, item)}</p></div>"
        f"<div><span>{text_as_html(name, most=80)}</span><p>{_marked(item, record)}</p></div></div></article>"
    )


def _marked(text: str, other: str) -> str:
    """`text` as HTML, with what stands in `other`, too, highlighted; of a long one the part around the
    first match."""
    stretches = shared_stretches(text, other)
    first = stretches[0][0] if stretches else 0
    done = max(0, min(first - _BEFORE_CHARACTERS, len(text) - _MAX_CHARACTERS))
    end_of_part = done + _MAX_CHARACTERS
    shown = [f"<span class='cut'>{counted(done, 'character')} before …</span> "] if done else []
    for start, end in stretches:
        if start >= end_of_part:
            break
        end = min(end, end_of_part)
        shown.append(text_as_html(text[done:start], most=_MAX_CHARACTERS))
        shown.append(f"<mark>{text_as_html(text[start:end], most=_MAX_CHARACTERS)}</mark>")
        done = end
    return "".join((*shown, text_as_html(text[done:], most=end_of_part - done)))


def shared_stretches(text: str, other: str) -> list[tuple[int, int]]:
    """Where `text` has `_HIGHLIGHT_TOKENS` tokens in a row, or all that it has, as `other` does: from and to
    which character.

    >>> shared_stretches("So: what is forty-two plus one?", "What is forty two plus 2?")
    [(4, 26)]
    """
    spans = token_spans(text)
    there = [token for token, *_ in token_spans(other)]
    size = max(1, min(_HIGHLIGHT_TOKENS, len(spans), len(there)))
    known = {tuple(there[start : start + size]) for start in range(len(there) - size + 1)}
    stretches: list[tuple[int, int]] = []
    for first in range(len(spans) - size + 1):
        if tuple(token for token, *_ in spans[first : first + size]) not in known:
            continue
        start, end = spans[first][1], spans[first + size - 1][2]
        if stretches and start <= stretches[-1][1]:
            start = stretches.pop()[0]
        stretches.append((start, end))
    return stretches
