"""Licences: one spelling for each, and whether a policy lets rows under one into the pool.

A licence is spelled as its SPDX identifier in lower case, which is how cards on the Hugging Face hub write it
(https://spdx.org/licenses); what is not known here stays as it was written. Several are an expression:
`mit or apache-2.0` lets rows in when one of them is allowed, `cc-by-sa-4.0 and sata` when all are.
Whether a licence binds a model trained on the rows is a question for a lawyer; this only sorts rows.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache

# Text without marks and spaces, in lower case -> identifier. Creative Commons has a rule of its own below.
_SPELLINGS = {
    "mit": "mit",
    "mitlicense": "mit",
    "themitlicense": "mit",
    "apache": "apache-2.0",
    "apache2": "apache-2.0",
    "apache20": "apache-2.0",
    "apachelicense20": "apache-2.0",
    "apachelicenseversion20": "apache-2.0",
    "bsd": "bsd-3-clause",
    "bsd2clause": "bsd-2-clause",
    "bsd3clause": "bsd-3-clause",
    "isc": "isc",
    "unlicense": "unlicense",
    "publicdomain": "public-domain",
    "pd": "public-domain",
    "pddl": "pddl-1.0",
    "pddl10": "pddl-1.0",
    "odcby": "odc-by-1.0",
    "odcby10": "odc-by-1.0",
    "odbl": "odbl-1.0",
    "odbl10": "odbl-1.0",
    "mpl20": "mpl-2.0",
    "gpl": "gpl-3.0",
    "gpl20": "gpl-2.0",
    "gpl30": "gpl-3.0",
    "gplv2": "gpl-2.0",
    "gplv3": "gpl-3.0",
    "lgpl30": "lgpl-3.0",
    "lgpl": "lgpl-3.0",
    "agpl30": "agpl-3.0",
    "agpl": "agpl-3.0",
    "cdlapermissive10": "cdla-permissive-1.0",
    "cdlapermissive20": "cdla-permissive-2.0",
    "cdlasharing10": "cdla-sharing-1.0",
    # No licence, but terms that bind whoever asked for the answers: no competing models may be made of them.
    "openai": "openai-tos",
    "openaitos": "openai-tos",
    "openaitermsofuse": "openai-tos",
}
# What a misspelt one may have been meant to be.
_IDENTIFIERS = {*_SPELLINGS.values(), "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0"}
_CLAUSES = {"by": "by", "attribution": "by", "nc": "nc", "noncommercial": "nc", "noncommerical": "nc"}
_CLAUSES |= {"sa": "sa", "sharealike": "sa", "nd": "nd", "noderivatives": "nd", "noderivs": "nd"}
_CC = re.compile(r"(?:cc|creative\s*commons)(?![a-z])[\s_-]*")
_CC_WORD = re.compile(
    r"(?<![a-z])(?:non-?comm?erc?ial|share-?alike|no-?deriv(?:ative)?s|attribution|by|nc|sa|nd)(?![a-z])"
)
_CC_VERSION = re.compile(r"(?:^|[\s_v-])([1-4])(?:\.([05]))?(?![\d.])")
_CC_FILLER = re.compile(r"\b(?:international|unported|generic|public|licen[sc]e|deed)\b")
_CC0 = re.compile(r"(?:cc|creative\s*commons)[\s_-]*(?:0|zero)(?:[\s_-]*v?1(?:\.0)?)?(?:\s+universal)?\Z")
_LINK = re.compile(r"\s+(or|and)\s+", re.IGNORECASE)
_LIST = re.compile(r"\s*([,;/])\s*")
_MARKS = re.compile(r"[^0-9a-z]+")

_PERMISSIVE = (
    *("mit", "apache-2.0", "bsd-*", "isc", "unlicense", "public-domain", "pddl-1.0", "cc0-1.0"),
    *("cc-by", "cc-by-[1-4].[05]", "odc-by-1.0", "cdla-permissive-*"),
)
GROUPS: dict[str, tuple[str, ...]] = {
    # Nothing is asked but to name who made it.
    "permissive": _PERMISSIVE,
    # Use for money is allowed; some ask that what is made of it stays under the same licence.
    "commercial": (
        *_PERMISSIVE,
        *("cc-by-sa", "cc-by-sa-[1-4].[05]", "odbl-1.0", "mpl-2.0", "cdla-sharing-*"),
        *("gpl-*", "lgpl-*", "agpl-*"),
    ),
}


# From the freest to the least known.
PERMISSIVE, SHARE_ALIKE, RESTRICTED, UNKNOWN = range(4)
_RANKS = ((PERMISSIVE, ("permissive",)), (SHARE_ALIKE, ("commercial",)), (RESTRICTED, ("cc-*", "openai-tos")))


@lru_cache(maxsize=4096)
def licence_id(text: str) -> str:
    """The identifier of the licence, or an expression of several; what is not known as it was written.

    >>> licence_id("CC BY-NC 4.0"), licence_id("MIT License or Apache 2.0"), licence_id("our own")
    ('cc-by-nc-4.0', 'mit or apache-2.0', 'our own')
    """
    stated = " ".join(text.split())
    for separator in (_LINK, _LIST):
        pieces = separator.split(stated)
        known = [_known(name) for name in pieces[::2]]
        if len(known) > 1 and any(known) and (separator is _LINK or _known(stated) is None):
            names = [found or name.casefold() for found, name in zip(known, pieces[::2], strict=True)]
            either = {"or", "/"} if all(known) else {"or"}  # a slash before a reservation is no choice
            links = [" or " if link.casefold() in either else " and " for link in pieces[1::2]]
            return names[0] + "".join(link + name for link, name in zip(links, names[1:], strict=True))
    return _known(stated) or stated


def _known(text: str) -> str | None:
    said = text.casefold()
    if _CC0.match(said):
        return "cc0-1.0"
    if begun := _CC.match(said):
        return _creative_commons(said[begun.end() :])
    return _SPELLINGS.get(_MARKS.sub("", said))


def _creative_commons(said: str) -> str | None:
    """What stands behind "CC"; null where there is more than clauses and a version, such as a reservation."""
    clauses = {_CLAUSES[word.replace("-", "")] for word in _CC_WORD.findall(said)}
    version = _CC_VERSION.search(said)
    rest = _CC_FILLER.sub("", _CC_WORD.sub("", said))
    if "by" not in clauses or re.search("[^\\W\\d_]{2}", rest):
        return None
    number = f"-{version[1]}.{version[2] or '0'}" if version else ""
    return "cc-" + "-".join(name for name in ("by", "nc", "nd", "sa") if name in clauses) + number


@lru_cache(maxsize=4096)
def is_allowed(licence: str, allowed: tuple[str, ...]) -> bool:
    """Whether one of `allowed` (identifiers, patterns such as `cc-by-*`, names of `GROUPS`) fits.

    Of an expression with `or` one licence has to fit, with `and` all; where both occur, `and` binds closer.
    """
    return any(
        all(_fits(name, allowed) for name in choice.split(" and "))
        for choice in licence.casefold().split(" or ")
    )


@lru_cache(maxsize=4096)
def licence_rank(licence: str | None) -> int:
    """Permissive before share-alike before restricted (no money, no derivatives, no competing models) before
    what is not known.

    >>> [licence_rank(name) for name in ("Apache-2.0", "CC BY-SA 4.0", "cc-by-nc-4.0", None)]
    [0, 1, 2, 3]
    """
    if licence is None:
        return UNKNOWN
    name = licence_id(licence)
    return next((rank for rank, allowed in _RANKS if is_allowed(name, allowed)), UNKNOWN)


def entry_fault(entry: str, named: Collection[str] = ()) -> str | None:
    """Why no row could ever be let in by `entry` of a policy, which is then misspelt; null where one could.

    `named`: what is known besides, in lower case: the licences that the user gave to sources.

    >>> entry_fault("comercial")
    "`comercial` is no group, pattern or known licence (did you mean 'commercial'?)"
    """
    name = licence_id(entry)
    if _is_pattern(entry) or entry.casefold() in GROUPS or name.casefold() in named or _known(name):
        return None
    if " or " in name or " and " in name:
        return f"`{entry}` is an expression: give each of its licences as an entry"
    close = get_close_matches(entry.casefold(), [*GROUPS, *sorted(_IDENTIFIERS)], n=1)
    guess = f"did you mean {close[0]!r}?" if close else f"`{entry}*` lets in what begins so"
    return f"`{entry}` is no group, pattern or known licence ({guess})"


def _is_pattern(entry: str) -> bool:
    return any(mark in entry for mark in "*?[")


def _fits(licence: str, allowed: Sequence[str]) -> bool:
    for entry in allowed:
        one = entry if _is_pattern(entry) else licence_id(entry)
        patterns = GROUPS.get(entry.casefold()) or (one.casefold(),)
        if any(fnmatchcase(licence, pattern) for pattern in patterns):
            return True
    return False


def licence_of_source(names: Sequence[str], licences: Mapping[str, str]) -> str | None:
    """What `licences` (a name or a pattern of names -> licence) says of a source that goes by `names`.

    A name goes before patterns, and of those the first that fits is taken.
    """
    for name in names:
        if name in licences:
            return licence_id(licences[name])
    found = (key for key in licences if any(fnmatchcase(name, key) for name in names))
    key = next(found, None)
    return None if key is None else licence_id(licences[key])
