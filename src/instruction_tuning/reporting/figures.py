"""The Plotly figures of a run; each stands on its own in kedro-viz and, narrower, in the dashboard."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from instruction_tuning.reporting.figure_style import COLOURS, ROLE_COLOURS, error_bars, styled
from instruction_tuning.reporting.scores_table import abilities_of
from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES, ROLES, ability_name
from instruction_tuning.schemas.rejected_records import STAGES

_STAGE_NAMES = {
    "read": "readable",
    "validate": "valid",
    "licence": "of an allowed licence",
    "exact_duplicate": "no exact duplicates",
    "near_duplicate": "no near duplicates",
    "semantic_duplicate": "no semantic duplicates",
    "contaminated": "no leaked items",
}


_ON_REQUEST = ("licence", "semantic_duplicate")


def ingestion_figure(instruction_pool: pd.DataFrame, rejected_records: pd.DataFrame) -> go.Figure:
    """Rows left after every stage of ingestion, stacked by source."""
    sources = sorted({*instruction_pool["source"], *rejected_records["source"]})
    lost = pd.crosstab(rejected_records["stage"], rejected_records["source"])
    stages = [stage for stage in STAGES if stage not in _ON_REQUEST or stage in lost.index]
    lost = lost.reindex(index=stages, columns=sources, fill_value=0)  # (stages, sources)
    kept = instruction_pool["source"].value_counts().reindex(sources, fill_value=0)
    read = kept + lost.sum()
    left = [read, *(read - lost.loc[stages[: n + 1]].sum() for n in range(len(stages)))]
    names = ["read in", *(_STAGE_NAMES[stage] for stage in stages)]
    figure = go.Figure(
        [
            go.Bar(
                y=names,
                x=[int(counts[source]) for counts in left],
                name=source,
                orientation="h",
                marker_color=COLOURS[n % len(COLOURS)],
                hovertemplate="%{x:,} rows of " + source + "<extra></extra>",
            )
            for n, source in enumerate(sources)
        ]
    )
    totals = [int(counts.sum()) for counts in left]
    lost_here = [0, *(before - after for before, after in pairwise(totals))]
    for name, total, loss in zip(names, totals, lost_here, strict=True):
        text = f"<b>{total:,}</b>" + (f" (−{loss:,})" if loss else "")
        figure.add_annotation(y=name, x=total, text=text, showarrow=False, xanchor="left", xshift=4)
    figure.update_layout(barmode="stack", xaxis_range=[0, max([*totals, 1]) * 1.55])
    figure.update_xaxes(title="rows", tickformat=",", nticks=5)
    figure.update_yaxes(autorange="reversed")
    return styled(figure, "Rows left after each stage", height=400)


def training_figure(
    sft_training_log: pd.DataFrame, reward_training_log: pd.DataFrame, sft_metrics: Mapping[str, float]
) -> go.Figure:
    """The loss curves of the two trained models, with the held-out loss before and after SFT."""
    figure = make_subplots(
        rows=2,
        cols=1,
        vertical_spacing=0.2,
        subplot_titles=("SFT, nats a token", "Reward model, nats a pair"),
    )
    logs = ((sft_training_log, "SFT", COLOURS[0]), (reward_training_log, "reward model", COLOURS[1]))
    for row, (log, name, colour) in enumerate(logs, start=1):
        figure.add_trace(
            go.Scatter(
                x=log["step"],
                y=log["loss"],
                name=name,
                mode="lines+markers",
                marker_size=4,
                line_color=colour,
                hovertemplate="step %{x}: %{y:.3f}<extra></extra>",
            ),
            row=row,
            col=1,
        )
    for when, dash in (("before", "dot"), ("after", "dash")):
        loss = sft_metrics.get(f"heldout_loss_{when}")
        if loss is not None and len(sft_training_log):
            ends = [int(sft_training_log["step"].min()), int(sft_training_log["step"].max())]
            figure.add_trace(
                go.Scatter(
                    x=ends,
                    y=[loss, loss],
                    name=f"held-out {when}: {loss:.3f}",
                    mode="lines",
                    line={"color": COLOURS[4], "dash": dash},
                    hoverinfo="name",
                ),
                row=1,
                col=1,
            )
    figure.update_xaxes(title="step", title_standoff=4)
    figure.update_yaxes(rangemode="tozero")
    return styled(figure, "Training loss", height=620)


def ability_figure(evidence: Mapping[str, Any]) -> go.Figure:
    """Accuracy of base, candidate and champion by ability, one panel a form, with 95% intervals."""
    metrics, abilities = pd.DataFrame(evidence["metrics"]), abilities_of(evidence)
    figure = make_subplots(
        rows=len(FORM_NAMES), cols=1, vertical_spacing=0.09, subplot_titles=list(FORM_NAMES.values())
    )
    for row, form in enumerate(FORM_NAMES, start=1):
        for role in (role for role in ROLES if (metrics["model_role"] == role).any()):
            chosen = metrics[(metrics["form"] == form) & (metrics["model_role"] == role)]
            figure.add_trace(
                _accuracy_bars(chosen.set_index("ability").loc[abilities], role, first=row == 1),
                row=row,
                col=1,
            )
    figure.update_layout(barmode="group")
    figure.update_xaxes(range=[0, 105], ticksuffix="%", dtick=25)
    figure.update_yaxes(autorange="reversed")
    return styled(figure, "Mean scores on unseen items", height=max(960, 200 + 80 * len(abilities)))


def _accuracy_bars(scores: pd.DataFrame, role: str, *, first: bool) -> go.Bar:
    accuracy = scores["accuracy"].to_numpy() * 100
    return go.Bar(
        y=[ability_name(ability) for ability in scores.index],
        x=accuracy,
        name=role,
        orientation="h",
        legendgroup=role,
        showlegend=first,
        marker_color=ROLE_COLOURS[role],
        error_x=error_bars(
            accuracy,
            scores["ci_low"] * 100,
            scores["ci_high"] * 100,
            thickness=1.2,
            width=3,
            color="#333333",
        ),
        customdata=scores["items"].to_numpy(),
        hovertemplate=f"{role}: %{{x:.1f}}% of %{{customdata}} items<extra>%{{y}}</extra>",
    )
