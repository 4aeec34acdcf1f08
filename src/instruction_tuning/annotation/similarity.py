"""How alike two texts are: Ratcliff and Metzener's gestalt matching (1988) over tokens.

    similarity = 2 · tokens in matching blocks / tokens of both,   in [0, 1]

Tokens are words and single Chinese characters. O(n · m) at worst.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher

from instruction_tuning.text.tokens import tokens


def text_similarity(first: str, second: str) -> float:
    """1 for texts of equal tokens, 0 for none in common; the same in either order."""
    if first == second:
        return 1.0
    a, b = sorted((tokens(first), tokens(second)))
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def most_typical(texts: Sequence[str]) -> int:
    """The position of the text that is most alike to all the others; of equal ones the first."""
    totals = [sum(text_similarity(one, other) for other in texts) for one in texts]
    return max(range(len(texts)), key=lambda place: (round(totals[place], 9), -place))
