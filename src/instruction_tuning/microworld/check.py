"""Is an answer right? Only tests, the teacher's own ratings and the truth file may ask."""

import re

_BEFORE_ANSWER = r"(?:^|\b(?:is|reads) |[:=,] |[是为叫：])"


def is_right(answer: str, response: str) -> bool:
    """Does `response` end in exactly `answer` (a full stop may follow, a lead-in may stand before)?"""
    lines = response.strip().splitlines()
    if not lines:
        return False
    return re.search(f"{_BEFORE_ANSWER}{re.escape(answer)}[.。!]?$", lines[-1].strip()) is not None
