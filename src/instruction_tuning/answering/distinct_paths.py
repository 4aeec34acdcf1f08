"""Different ways to one answer: rejection sampling with distinct-path selection.

RFT (Yuan et al. 2023, arXiv 2308.01825): of the samples that come to the right answer with equations that
hold, one a path is kept; a path is the ordered list of equations, and its representative the sample with the
greatest sum of edit distances to the others. O(K² · length) for K samples of a query.

Departures. The published code gives all solutions without equations one shared empty path, so that one of
them stays; here their folded text is the path. Paths that many samples took come first, so that a limit keeps
the most frequent ones; the paper keeps all.
"""

from collections.abc import Sequence

from instruction_tuning.text.edit_distance import edit_distance
from instruction_tuning.verification.equations import path_key

_COMPARED_CHARACTERS = 2_000


def distinct_paths(responses: Sequence[str]) -> list[int]:
    """The places of one representative a path, the most travelled path first; equal ones by place.

    >>> distinct_paths(["2+3=5, 5", "3+2=5. So 5.", "2+3=5 and this makes 5"])
    [2, 1]
    """
    paths: dict[tuple[str, ...], list[int]] = {}
    for place, response in enumerate(responses):
        paths.setdefault(path_key(response), []).append(place)
    order = sorted(paths.values(), key=lambda places: (-len(places), places[0]))
    texts = [response[:_COMPARED_CHARACTERS] for response in responses]
    return [_representative(places, texts) for places in order]


def _representative(places: Sequence[int], texts: Sequence[str]) -> int:
    if len(places) == 1:
        return places[0]
    return max(places, key=lambda place: (sum(edit_distance(texts[place], other) for other in texts), -place))
