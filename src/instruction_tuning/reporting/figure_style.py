"""The look that the figures share: colours, fonts, and where the legend stands."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

COLOURS = ("#3b6fb6", "#e08a2e", "#4f9d69", "#a8559b", "#7a7a7a", "#c44e52", "#2f9fa8", "#8c6d31")
POOL_COLOUR, SELECTED_COLOUR = "#c9ced6", "#d1495b"
ROLE_COLOURS = {"base": "#9aa5b1", "candidate": "#3b6fb6", "champion": "#e08a2e"}


def error_bars(points: ArrayLike, low: ArrayLike, high: ArrayLike, **look: Any) -> dict[str, Any]:
    """`error_x` or `error_y` from `low` to `high`; none where they are unknown. `look` is Plotly's."""
    middle, lower, upper = (np.asarray(values, dtype=np.float64) for values in (points, low, high))
    ends = {"array": np.nan_to_num(upper - middle), "arrayminus": np.nan_to_num(middle - lower)}
    return {"type": "data", "symmetric": False, **ends, **look}


def styled(figure: go.Figure, title: str, *, height: int) -> go.Figure:
    """`figure` itself with its layout; `height` in pixels, the width is the page's.

    The title goes into `meta`, for the page around it: kedro-viz draws a figure's title over its first panel.
    """
    figure.update_layout(
        template="plotly_white",
        meta={"title": title},
        font={"family": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK SC', sans-serif", "size": 13},
        height=height,
        margin={"l": 20, "r": 15, "t": 40, "b": 75},
        # At the lower edge, so that it keeps apart from the panels at every height and under every theme.
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "xref": "container",
            "xanchor": "left",
            "x": 0.02,
            "traceorder": "normal",
        },
        hoverlabel={"align": "left"},
    )
    figure.update_annotations(font_size=13)
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
    return figure
