"""What the way through programs left in a text: mojibake, U+FFFD, invisible letters, `<noinput>` marks.

A field that holds nothing but such a mark is read as empty (`text_repair.is_placeholder`); this is about
those inside a longer text.
"""

import re

from instruction_tuning.canonical.checks.spans import GatedChecks, TextCheck, any_of, first_match

# What UTF-8's bytes 0x80-0xBF become when they are read as Latin-1 or as Windows-1252.
_CONTINUATION = "\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# The byte that opens a sequence decides how many follow. Two-byte openings other than Â and Ã meet quotes
# and dashes in sound text („KÖLN”), so for them only bytes that are no character at all count.
_MOJIBAKE = re.compile(
    f"[ÂÃ][{_CONTINUATION}]|[Ä-ß][\u0080-\u009f]|[à-ï][{_CONTINUATION}]{{2}}|[ð-ô][{_CONTINUATION}]{{3}}"
)
# Overrides of the writing direction (the "Trojan Source" way to hide code), and tag characters outside of
# flag emoji, which are invisible letters.
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069]|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]"
)
_PLACEHOLDER = re.compile(
    r"(?:<|&lt;) ?(?:no ?(?:input|output)(?: (?:needed|required|provided|given|necessary))?|"
    r"无输[入出]) ?(?:>|&gt;)",
    re.IGNORECASE,
)


def _is_not_ascii(text: str) -> bool:
    return not text.isascii()


DAMAGED_TEXT_CHECKS = GatedChecks(
    _is_not_ascii,
    (
        TextCheck("mojibake", first_match(_MOJIBAKE)),
        TextCheck("replacement_character", first_match(re.compile("\ufffd"))),
        TextCheck("hidden_text", first_match(_HIDDEN)),
    ),
)
PLACEHOLDER_CHECKS = GatedChecks(
    any_of("noinput", "no input", "nooutput", "no output", "无输入", "无输出"),
    (TextCheck("placeholder_in_text", first_match(_PLACEHOLDER)),),
)
