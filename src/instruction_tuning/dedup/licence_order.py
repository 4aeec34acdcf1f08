"""Licences from the freest to the least known, for the choice between two copies of one text.

No legal advice: a name is read by its words, and one that is not understood counts as unknown.
"""

import re

PERMISSIVE, SHARE_ALIKE, RESTRICTED, UNKNOWN = range(4)
_RESTRICTED = re.compile(
    r"\b(nc|nd|non-?\s?commercial|noncommercial|no-?\s?deriv\w*|research|academic|evaluation)\b", re.I
)
_SHARE_ALIKE = re.compile(r"\b(sa|share-?\s?alike|[al]?gpl\w*|odbl|mpl|cdla-sharing\S*|eupl)\b", re.I)
_PERMISSIVE = re.compile(
    r"\b(mit|apache|bsd|isc|cc0|cc[- ]?by|odc-by|pddl|public domain|unlicense|zlib|cdla-permissive\S*)\b",
    re.I,
)


def licence_rank(licence: str | None) -> int:
    """Permissive before share-alike before restricted (non-commercial, no derivatives, research only) before
    unknown.

    >>> [licence_rank(name) for name in ("Apache-2.0", "CC BY-SA 4.0", "cc-by-nc-4.0", None)]
    [0, 1, 2, 3]
    """
    if licence is None:
        return UNKNOWN
    name = licence.replace("_", "-")
    for pattern, rank in ((_RESTRICTED, RESTRICTED), (_SHARE_ALIKE, SHARE_ALIKE), (_PERMISSIVE, PERMISSIVE)):
        if pattern.search(name):
            return rank
    return UNKNOWN
