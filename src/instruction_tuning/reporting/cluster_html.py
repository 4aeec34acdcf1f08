"""The largest clusters of duplicates as HTML, with their texts to read."""

from collections.abc import Hashable, Mapping
from html import escape
from typing import Any

import pandas as pd

from instruction_tuning.reporting.text_html import text_as_html
from instruction_tuning.text.counting import counted

CLUSTERS, MEMBERS = 12, 6
_KINDS = ("semantic_duplicate", "near_duplicate", "exact_duplicate")
_RULES = {
    "prompt_length": "shorter prompt",
    "record_id": "record id",
    "row": "row",
    "length": "longer answer",
}


def largest_clusters(clusters: pd.DataFrame) -> str:
    """So many clusters, each kind its turn; a cluster with a near duplicate counts as near, and so on.

    Of a large cluster the first members are shown, those that stay before those that go.
    """
    if clusters.empty:
        return "<p class='soft'>none</p>"
    kind = clusters["fate"].map({fate: place for place, fate in enumerate(_KINDS)}).fillna(len(_KINDS))
    heads = clusters.assign(kind=kind).groupby("cluster_id", sort=False)
    order = heads.agg(rows=("cluster_rows", "first"), kind=("kind", "min")).reset_index()
    order["turn"] = order.groupby("kind").cumcount()  # the frame has the largest first
    order = order.sort_values(["turn", "kind"], kind="stable").head(CLUSTERS)
    shown = order.sort_values(["kind", "turn"], kind="stable")["cluster_id"]
    groups = clusters[clusters["cluster_id"].isin(shown)].groupby("cluster_id")
    return "".join(_cluster(groups.get_group(cluster_id)) for cluster_id in shown)


def _cluster(members: pd.DataFrame) -> str:
    order = members["fate"].ne("stays").sort_values(kind="stable").index
    rows = members.loc[order].head(MEMBERS).to_dict("records")
    turns = "".join(
        f"<div class='turn'><span>{_fate(row)}</span>"
        f"<p>{text_as_html(row['text'], most=400)}\n"
        f"<span class='soft'>{text_as_html(row['source'], most=60)}, "
        f"<code>{escape(row['source_row_id'])}</code></span></p></div>"
        for row in rows
    )
    stays = int((members["fate"] == "stays").sum())
    left = len(members) - len(rows)
    more = f"<p class='soft'>… and {counted(left, 'more row')}</p>" if left else ""
    cluster_id = escape(str(members["cluster_id"].iat[0]))
    header = f"<b>{counted(len(members), 'row')}</b><span>{stays} stay</span><code>{cluster_id}</code>"
    return f"<article class='rejected'><header>{header}</header>{turns}{more}</article>"


def _fate(row: Mapping[Hashable, Any]) -> str:
    if row["fate"] == "stays":
        return "<b>stays</b>"
    kind = str(row["fate"]).removesuffix("_duplicate")
    rule = str(row["decided_by"])
    return f"{kind} {row['similarity']:.2f}<br>by {escape(_RULES.get(rule, rule.replace('_', ' ')))}"
