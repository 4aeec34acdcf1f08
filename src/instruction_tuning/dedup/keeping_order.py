"""Which member of a group of duplicates stays."""

from collections.abc import Sequence


def keeping_order(
    answers: Sequence[str | None],
    prompts: Sequence[str],
    record_ids: Sequence[str],
    row_keys: Sequence[tuple[str, int]],
) -> list[int]:
    """Positions from the most to the least worth keeping.

    Longest answer first, then shortest prompt (the one without stray spaces and marks), then smallest
    record id, then, for exact copies, smallest row key (file digest and row). A longer answer is usually
    the more complete one; no claim is made that it is the right one. Which content stays thus depends on
    contents alone, not on the order of rows or files.
    """

    def worth(position: int) -> tuple[int, int, str, tuple[str, int]]:
        length = len(answers[position] or "")
        return -length, len(prompts[position]), record_ids[position], row_keys[position]

    return sorted(range(len(answers)), key=worth)
