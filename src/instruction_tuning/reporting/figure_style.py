"""The look that the figures share: colours, fonts, and where title and legend stand."""

import plotly.graph_objects as go

COLOURS = ("#3b6fb6", "#e08a2e", "#4f9d69", "#a8559b", "#7a7a7a", "#c44e52", "#2f9fa8", "#8c6d31")
POOL_COLOUR, SELECTED_COLOUR = "#c9ced6", "#d1495b"
ROLE_COLOURS = {"base": "#9aa5b1", "candidate": "#3b6fb6", "champion": "#e08a2e"}


def styled(figure: go.Figure, title: str, *, height: int) -> go.Figure:
    """`figure` itself with title and layout; `height` in pixels, the width is the page's."""
    figure.update_layout(
        template="plotly_white",
        title={"text": title, "x": 0.02, "xref": "container", "y": 1 - 12 / height, "yanchor": "top"},
        title_font_size=17,
        font={"family": "system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK SC', sans-serif", "size": 13},
        height=height,
        margin={"l": 20, "r": 15, "t": 100, "b": 40},
        # In pixels from the top, so that title, legend and first panel keep apart at every height.
        legend={
            "orientation": "h",
            "yref": "container",
            "y": 1 - 42 / height,
            "yanchor": "top",
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
