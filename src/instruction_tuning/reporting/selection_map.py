"""The pool as a map on which each method's picks are marked and can be switched on and off.

Points are places of the embeddings on a plane (`projection.py`). Every selected record is drawn, however
many there are; of the others at most `max_points`, by chance, as far as `max_bytes` leave room. Hover
shows the record; where the texts of the selected alone would be too long for `max_bytes`, they are cut.
"""

import json
import textwrap
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from instruction_tuning.errors import InputError
from instruction_tuning.pool_statistics.composition import UNKNOWN
from instruction_tuning.reporting.figure_style import COLOURS, POOL_COLOUR, styled
from instruction_tuning.reporting.projection import main_axes
from instruction_tuning.reporting.wording import display_width
from instruction_tuning.seeds import substream

SHOWN_AT_FIRST = 2
MAX_BYTES = 6_000_000
HOVER_CHARACTERS = (200, 100, 50, 25)  # of a text; fewer where the page would be too long
_HOVER_COLUMNS = 72
_POINT_BYTES = 24  # two coordinates
_SYMBOLS = ("circle-open", "square-open", "diamond-open", "triangle-up-open", "cross-open", "x-open")


def selection_map(
    selections: Mapping[str, Sequence[str]],
    pool: pd.DataFrame,
    embeddings: pd.DataFrame,
    *,
    seed: int,
    max_points: int,
    max_bytes: int = MAX_BYTES,
) -> go.Figure:
    """The map of `pool` with the picks of each method in `selections`: record ids, best first.

    `embeddings` (>= N, D) is indexed by record id. Grey dots: picked by none; dark dots: picked by one or
    more; around these a ring a method, of which the first two are shown at first. The order of the rows does
    not matter.
    """
    records = pool.set_index("record_id").sort_index()
    picked_by = _picked_by(selections, records.index)
    for characters in HOVER_CHARACTERS:
        hovers = _hovers(records, list(picked_by), picked_by, characters)
        if sum(map(_bytes, hovers)) <= max_bytes:
            break
    room = max_bytes - sum(map(_bytes, hovers)) - _POINT_BYTES * sum(map(len, picked_by.values()))
    left = [record for record in records.index if record not in picked_by]
    drawn = substream(seed, "selection_map").sample(left, min(len(left), max_points))
    of_drawn = _hovers(records, drawn, {}, characters)
    fitting = int((np.cumsum([_bytes(text) for text in of_drawn]) <= room).sum())
    shown = [*picked_by, *drawn[:fitting]]
    rows = records.index.get_indexer(pd.Index(shown))
    vectors = embeddings.loc[records.index].to_numpy()  # (N, D)
    places = main_axes(vectors.astype(np.float64))[rows].round(4)  # (M, 2)
    at = pd.DataFrame(places, index=shown, columns=["x", "y"])
    figure = go.Figure(
        [
            _dots(at.iloc[len(picked_by) :], of_drawn[:fitting], "not selected", POOL_COLOUR, 5),
            _dots(at.iloc[: len(picked_by)], hovers, "selected", "#333333", 5),
            *(
                _rings(at.loc[list(dict.fromkeys(picks))], name, number)
                for number, (name, picks) in enumerate(selections.items())
            ),
        ]
    )
    figure.add_annotation(
        text=f"{len(shown):,} of {len(records):,} records drawn, all {len(picked_by):,} selected among them",
        xref="paper",
        yref="paper",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
    )
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False)
    return styled(figure, "Map of the pool", height=720)


def _picked_by(selections: Mapping[str, Sequence[str]], pool: pd.Index) -> dict[str, dict[str, int]]:
    """Record id -> method -> rank from 1, by record id."""
    picked: dict[str, dict[str, int]] = {}
    for method, picks in selections.items():
        for rank, record in enumerate(picks, start=1):
            picked.setdefault(record, {}).setdefault(method, rank)
    unknown = pd.Index(picked).difference(pool)
    if len(unknown):
        raise InputError(
            f"{len(unknown)} selected records are not in the pool",
            record=unknown[0],
            fix="draw the map from the pool that was selected from",
        )
    return dict(sorted(picked.items()))


def _dots(at: pd.DataFrame, hovers: Sequence[str], name: str, colour: str, size: int) -> go.Scattergl:
    return go.Scattergl(
        x=at["x"].tolist(),
        y=at["y"].tolist(),
        name=name,
        mode="markers",
        marker={"color": colour, "size": size, "opacity": 0.75},
        text=list(hovers),
        hovertemplate="%{text}<extra></extra>",
    )


def _rings(at: pd.DataFrame, method: str, number: int) -> go.Scattergl:
    """Of growing size, so that those of several methods around one record are all seen."""
    return go.Scattergl(
        x=at["x"].tolist(),
        y=at["y"].tolist(),
        name=f"{escape(method, quote=False)} ({len(at):,})",
        mode="markers",
        marker={
            "color": COLOURS[number % len(COLOURS)],
            "symbol": _SYMBOLS[number % len(_SYMBOLS)],
            "size": 8 + 2 * (number % 8),
            "line": {"width": 1.5},
        },
        hoverinfo="skip",
        # All at once hide each other; a click in the legend shows a method.
        visible=True if number < SHOWN_AT_FIRST else "legendonly",
    )


def _hovers(
    records: pd.DataFrame,
    shown: Sequence[str],
    picked_by: Mapping[str, Mapping[str, int]],
    characters: int,
) -> list[str]:
    columns = records.loc[list(shown), ["category", "prompt", "answer"]]
    columns = columns.fillna({"category": UNKNOWN, "answer": "(none)"})
    texts = []
    for record, category, prompt, answer in columns.itertuples():
        lines = [f"{record}, {escape(category, quote=False)}"]
        if record in picked_by:
            ranks = ", ".join(f"{method} {rank:,}" for method, rank in picked_by[record].items())
            lines.append(f"picked as: {_wrapped(ranks)}")
        lines += [f"<b>prompt</b> {_cut(prompt, characters)}", f"<b>answer</b> {_cut(answer, characters)}"]
        texts.append("<br>".join(lines))
    return texts


def _cut(text: str, characters: int) -> str:
    return _wrapped(text if len(text) <= characters else f"{text[:characters]}…")


def _wrapped(text: str) -> str:
    """On lines of some `_HOVER_COLUMNS`, which Plotly does not break by itself; without markup."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    # Where characters are wide, a line has fewer of them.
    width = max(int(_HOVER_COLUMNS * len(flat) / max(display_width(flat), 1)), 1)
    return "<br>".join(escape(line, quote=False) for line in textwrap.wrap(flat, width))


def _bytes(hover: str) -> int:
    """What a point with that text takes in a page, where marks and other than plain letters are escaped."""
    return len(json.dumps(hover)) + 5 * sum(hover.count(mark) for mark in "<>/") + _POINT_BYTES
