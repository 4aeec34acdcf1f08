"""A figure as a section of an HTML page that has Plotly in it already."""

import hashlib
from html import escape

import plotly.graph_objects as go


def figure_section(figure: go.Figure) -> str:
    """Under its title (`layout.meta["title"]`), unique on a page; the same bytes each time."""
    title = figure.layout.meta["title"]
    html = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        config={"responsive": True, "displayModeBar": False},
        div_id=f"figure-{hashlib.sha256(title.encode()).hexdigest()[:12]}",  # Plotly's own is random
    )
    return f"<section class='figure'><h3>{escape(title)}</h3>{html}</section>"
