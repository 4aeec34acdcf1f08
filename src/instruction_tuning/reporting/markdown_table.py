"""A row of a Markdown table."""

from collections.abc import Sequence


def markdown_row(cells: Sequence[str]) -> str:
    """The cells with their bars escaped."""
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
