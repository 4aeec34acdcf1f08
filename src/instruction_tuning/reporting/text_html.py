"""Texts of strangers as HTML: nothing of them is markup, and what one cannot see is written out."""

import re
from html import escape

from instruction_tuning.text.counting import counted

MAX_CHARACTERS = 1500
# Control and format characters, but line feed and tab: what hides in a text or turns its direction.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe00-\ufe0e\ufeff\ufffd"
    "\ud800-\udfff]"
)


def text_as_html(text: str, *, most: int = MAX_CHARACTERS) -> str:
    """Escaped; invisible characters written out; what is over `most` characters counted instead of shown.

    >>> text_as_html("<b>a\\u200bb</b>", most=5)
    "&lt;b&gt;a<span class='mark'>U+200B</span> <span class='cut'>… 5 more characters</span>"
    """
    # Cut first: an escape or a mark is never cut in two.
    shown = escape(text[:most])
    shown = _INVISIBLE.sub(lambda found: f"<span class='mark'>U+{ord(found[0]):04X}</span>", shown)
    left = len(text) - most
    cut = f" <span class='cut'>… {counted(left, 'more character')}</span>" if left > 0 else ""
    return shown + cut
