"""Personal data and secrets: where they stand in a text, and the text without them.

Numbers count only with what makes them such a number: a Chinese identity card its date and checksum
(GB 11643-1999), a payment card its issuer's range and Luhn's checksum (ISO/IEC 7812-1), a US social security
number the words before it, as it has no checksum. Reserved and made-up values (example.com of RFC 2606,
555 numbers, 123-456-7890, keys without a digit) are nobody's.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date

from instruction_tuning.canonical.checks.spans import Gate, GatedChecks, Search, Span, TextCheck, any_of

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![\w-])", re.IGNORECASE | re.ASCII
)
_RESERVED_DOMAIN = re.compile(
    r"(?:@|\.)(?:example\.(?:com|net|org|edu)|example|test|invalid)$", re.IGNORECASE
)
_PHONE = re.compile(
    r"(?<![\w.+/=-])(?:"
    # North America
    r"(?P<nanp>(?:\+?1[ .-]?)?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4})|"
    # China: mobile, then landline
    r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-\d{7,8}|"
    r"\+[1-9]\d{0,2}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){2,4}"
    r")(?![\w/=]|[.-]\d)",
    re.ASCII,
)
_ID_CARD = re.compile(r"(?<![\w.-])[1-9]\d{16}[\dXx](?![\w.-])", re.ASCII)
_SOCIAL_SECURITY = re.compile(
    r"\b(?:ssn|social security)\b[^\d\n]{0,40}"
    r"(?P<number>(?!000|666|9\d\d)\d{3}-(?!00)\d\d-(?!0000)\d{4})(?!\d)",
    re.IGNORECASE | re.ASCII,
)
_CARD = re.compile(
    r"(?<![\w.+/=-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w/=]|[.-]\d)",
    re.ASCII,
)
_CARD_RANGE = re.compile(r"4|5[1-5]|2(?:2[2-9]|[3-6]|7[01]|720)|3[47]|6(?:011|4[4-9]|5|2)|35(?:2[89]|[3-8])")
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-[\w-]{20,200}|(?:sk|rk)_live_[A-Za-z0-9]{16,200}|hf_[A-Za-z0-9]{30,60}|gh[pousr]_[A-Za-z0-9]{36,255}|"
    r"github_pat_\w{40,255}|glpat-[\w-]{20,100}|xox[abprs]-[\w-]{10,200}|A(?:KIA|SIA)[0-9A-Z]{16}|"
    r"AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{22}\.[\w-]{43}|"
    r"eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000}"
    r")(?![A-Za-z0-9])",
    re.ASCII,
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[A-Za-z0-9+/=\s\\:,]|-(?!----)){40,}+(?:-----END[A-Z0-9 ]{0,40}-----)?"
)
# Runs of keys that hands make.
_RUNS = ("0123456789", "1234567890", "9876543210")


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses outside of the reserved domains; `git@` is how repositories are named, no person."""
    for found in _EMAIL.finditer(text):
        if not _RESERVED_DOMAIN.search(found[0]) and not found[0].startswith("git@"):
            yield found.span()


def phone_numbers(text: str) -> Iterator[Span]:
    """Telephone numbers of North America, China, or with a country code; no free-phone lines."""
    for found in _PHONE.finditer(text):
        digits = _digits(found[0])
        if 8 <= len(digits) <= 15 and not _is_made_up(digits) and not _is_fiction(digits, found["nanp"]):
            yield found.span()


def id_card_numbers(text: str) -> Iterator[Span]:
    """Chinese identity cards, and US social security numbers that are called so."""
    for found in _ID_CARD.finditer(text):
        if is_chinese_id(found[0]):
            yield found.span()
    for found in _SOCIAL_SECURITY.finditer(text):
        if not _is_made_up(_digits(found["number"])):
            yield found.span("number")


def credit_card_numbers(text: str) -> Iterator[Span]:
    """Payment cards: 15 or 16 digits in an issuer's range that pass Luhn's test."""
    for found in _CARD.finditer(text):
        digits = _digits(found[0])
        if _CARD_RANGE.match(digits) and passes_luhn(digits) and not _is_made_up(digits):
            yield found.span()


def api_keys(text: str) -> Iterator[Span]:
    """Keys and tokens of well-known services by their shape."""
    for found in _KEY.finditer(text):
        key = found[0]
        is_random = len(set(key)) >= 10 and any(character.isdigit() for character in key[4:])
        if is_random and not key.endswith("EXAMPLE"):
            yield found.span()


def private_keys(text: str) -> Iterator[Span]:
    """PEM blocks of private keys that have a body."""
    for found in _PRIVATE_KEY.finditer(text):
        yield found.span()


def is_chinese_id(number: str) -> bool:
    """Whether the 18 characters are a date of birth and a checksum that fit (ISO 7064 MOD 11-2).

    >>> is_chinese_id("11010519491231002X"), is_chinese_id("110105194912310021")
    (True, False)
    """
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    return 1900 <= int(number[6:10]) <= 2100 and "10X98765432"[total % 11] == number[17].upper()


def passes_luhn(digits: str) -> bool:
    """Whether the checksum of ISO/IEC 7812-1 holds.

    >>> passes_luhn("4539578763621486"), passes_luhn("4539578763621487")
    (True, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _is_made_up(digits: str) -> bool:
    if len(set(digits)) <= 3:
        return True
    return any(run[start : start + 7] in digits for run in _RUNS for start in range(len(run) - 6))


def _is_fiction(digits: str, nanp: str | None) -> bool:
    """The exchange 555, and area codes of free-phone lines, which are no person's."""
    if nanp is None:
        return False
    area, exchange = digits[-10:-7], digits[-7:-4]
    return "555" in (area, exchange) or area in ("800", "888", "877", "866", "855", "844", "833")


_FOUR_DIGITS = re.compile(r"[0-9][0-9][0-9][ .()-]{0,2}[0-9]")
_KEY_WITH_A_MARK = any_of("sk-", "_live_", "hf_", "gh", "glpat-", "xox", "npm_")
_KEY_WITHOUT = any_of("akia", "asia", "aiza", "sg.", "eyj")


def _may_hold_a_key(lowered: str) -> bool:
    has_mark = "_" in lowered or "-" in lowered
    return (has_mark and _KEY_WITH_A_MARK(lowered)) or _KEY_WITHOUT(lowered)


def _may_hold_a_number(lowered: str) -> bool:
    return _FOUR_DIGITS.search(lowered) is not None


_Find = Callable[[str], Iterator[Span]]
# In the order in which they are taken out: what is found first is not looked at again.
_KINDS: tuple[tuple[Gate, dict[str, _Find]], ...] = (
    (any_of("private key"), {"private_key": private_keys}),
    (_may_hold_a_key, {"api_key": api_keys}),
    (any_of("@"), {"email": emails}),
    (
        _may_hold_a_number,
        {
            "credit_card_number": credit_card_numbers,
            "id_card_number": id_card_numbers,
            "phone_number": phone_numbers,
        },
    ),
)
SECRETS = ("private_key", "api_key")
PERSONAL_DATA = ("email", "credit_card_number", "id_card_number", "phone_number")


def _first(find: _Find) -> Search:
    return lambda text: next(find(text), None)


PRIVATE_DATA_CHECKS = tuple(
    GatedChecks(gate, tuple(TextCheck(name, _first(find)) for name, find in kinds.items()))
    for gate, kinds in _KINDS
)


def redacted(text: str, names: Collection[str]) -> tuple[str, list[str]]:
    """`text` with a mark such as `[EMAIL]` for each value of these kinds, and the kinds that were found.

    >>> redacted("Write to ann@uni.edu.", ["email"])
    ('Write to [EMAIL].', ['email'])
    """
    found = []
    lowered = text.lower()
    for gate, kinds in _KINDS:
        wanted = [name for name in kinds if name in names]
        if not wanted or not gate(lowered):
            continue
        for name in wanted:
            spans = list(kinds[name](text))
            if spans:
                text = _without(text, sorted(spans), mark_of(name))
                found.append(name)
    return text, found


def _without(text: str, spans: Sequence[Span], mark: str) -> str:
    kept, after = [], 0
    for start, end in spans:
        kept += [text[after:start], mark]
        after = end
    return "".join([*kept, text[after:]])


def without_values(text: str) -> str:
    """`text` with one sign for each private value and for each mark of one, so that a check which looks for
    words finds the same ones before redaction and after it.

    >>> without_values("Mail ann@uni.edu."), without_values("Mail [EMAIL].")
    ('Mail ….', 'Mail ….')
    """
    if not _MAY_HOLD_A_VALUE.search(text):
        return text
    return _MARK.sub("…", redacted(text, (*SECRETS, *PERSONAL_DATA))[0])


def mark_of(kind: str) -> str:
    """What stands for a value of this kind.

    >>> mark_of("api_key")
    '[API_KEY]'
    """
    return f"[{kind.upper()}]"


_MARK = re.compile("|".join(re.escape(mark_of(kind)) for kind in (*SECRETS, *PERSONAL_DATA)))
# One of these characters is in every value and in every mark; most texts have none.
_MAY_HOLD_A_VALUE = re.compile(r"[@\[0-9]|-----B")
