"""Texts of records as they are shown on a line of a story."""

_SHOWN = 160  # characters


def short(text: str) -> str:
    """On one line, cut where it is long."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 1] + "…"


def quoted(text: str) -> str:
    """As Python writes it, line ends and all, cut where it is long."""
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
