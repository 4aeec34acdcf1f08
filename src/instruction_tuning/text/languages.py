"""Which language a text is in, by its script alone.

No model is involved: Han characters and words of other scripts are counted. That tells Chinese from
English, which is all the pipelines ask; it cannot tell English from, say, Malay, and it says so by calling
everything in plain Latin letters `en`.
"""

import re

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
KANA_AND_HANGUL = "\u3040-\u30ff\uac00-\ud7af"

_HAN = re.compile(f"[{HAN}]")
_KANA_OR_HANGUL = re.compile(f"[{KANA_AND_HANGUL}]")
_WORD = re.compile(rf"[^\W\d_{HAN}{KANA_AND_HANGUL}]+")


def language_of(text: str, *, chinese_share: float = 0.3, english_share: float = 0.8) -> str:
    """`zh`, `en` or `other`; a Han character counts as much as a word of another script.

    `zh`: Han characters are at least `chinese_share` of all units, so that a Chinese request about an
    English sentence is Chinese. `en`: at least `english_share` of the units are words in plain a-z. Text
    without letters is `other`, and so is Japanese (more than one kana for ten Han characters) and Korean.
    """
    if text.isascii():
        return "en" if any(character.isalpha() for character in text) else "other"
    han = len(_HAN.findall(text))
    kana_or_hangul = len(_KANA_OR_HANGUL.findall(text))
    words = _WORD.findall(text)
    units = han + kana_or_hangul + len(words)
    if units == 0:
        return "other"
    if han >= chinese_share * units and kana_or_hangul <= han / 10:
        return "zh"
    plain = sum(word.isascii() for word in words)
    return "en" if plain >= english_share * units else "other"
