"""Tags as words for people."""

from collections.abc import Sequence

_MOST = 5


def named_tags(tags: Sequence[str]) -> str:
    """`the tag a`; `the tags a, b`; no more than five by name.

    >>> named_tags(["a", "b", "c", "d", "e", "f", "g"])
    'the tags a, b, c, d, e and 2 more'
    """
    named = ", ".join(tags[:_MOST])
    more = f" and {len(tags) - _MOST} more" if len(tags) > _MOST else ""
    return f"the tag{'' if len(tags) == 1 else 's'} {named}{more}"
