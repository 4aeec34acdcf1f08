"""How many of the instructions that a model wrote each filter took, and how many were left."""

import pandas as pd
import plotly.graph_objects as go

from instruction_tuning.reporting.figure_style import COLOURS, SELECTED_COLOUR, styled
from instruction_tuning.text.counting import counted

_KEPT = "kept"
_ROW_HEIGHT, _FRAME_HEIGHT = 34, 170  # pixels


def synthesis_figure(counts: pd.DataFrame) -> go.Figure:
    """Bars by reason, in parts by method; `counts` has `method`, `drop_reason` (null: kept) and `rows`.

    Rounds are added up. What was kept stands first, then the filter that took most.
    """
    named = counts.assign(drop_reason=counts["drop_reason"].fillna(_KEPT))
    totals = named.groupby("drop_reason")["rows"].sum().sort_values(ascending=False, kind="stable")
    reasons = [_KEPT, *(reason for reason in totals.index if reason != _KEPT)]
    figure = go.Figure()
    for number, (method, part) in enumerate(named.groupby("method")):
        rows = part.groupby("drop_reason")["rows"].sum().reindex(reasons, fill_value=0)
        label = str(method).replace("_", " ")
        figure.add_trace(
            go.Bar(
                y=[reason.replace("_", " ") for reason in reasons],
                x=rows.to_numpy(),
                name=label,
                orientation="h",
                marker_color=COLOURS[number % len(COLOURS)],
                hovertemplate="%{x:,} of " + label + "<extra>%{y}</extra>",
            )
        )
    figure.update_layout(barmode="stack")
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title_text=f"of {counted(int(totals.sum()), 'row')}", tickformat=",d")
    # The line between what stays and what goes.
    figure.add_hline(y=0.5, line_color=SELECTED_COLOUR, line_width=1, line_dash="dot")
    return styled(figure, "New instructions", height=_FRAME_HEIGHT + _ROW_HEIGHT * len(reasons))
