"""What keeps an instruction out before it is asked whether it is new: Self-Instruct's filters.

Self-Instruct (arXiv 2212.10560), section 2.2 and its code; Alpaca's longer list of words. O(characters).
Departures: Chinese has filters of its own (the published ones drop all of it, as not ASCII); a Han character
counts as a word at the lower bound and as half of one at the upper; an instruction in the other language
than was asked for is dropped; texts are neither folded nor written small.
"""

import re
import string
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.synthesis.rouge_novelty import THRESHOLD
from instruction_tuning.synthesis.written_rows import Written
from instruction_tuning.text.languages import HAN, language_of

# What a model that reads and writes text cannot take or give.
_OTHER_MEDIA = re.compile(
    r"\b(?:images?|graphs?|pictures?|files?|maps?|draw|plot|go to"
    r"|videos?|audio|music|flowcharts?|diagrams?)\b"
    "|图片|图像|照片|画图|画一|绘制|作图|地图|图表|示意图|流程图|文件|附件|视频|音频|录音|音乐",
    re.IGNORECASE,
)
# Whether such a task wants the program or its result is not clear.
_PROGRAM = re.compile(r"write a program|(?:请|请你)?(?:编写|写)(?:一个|一段)?程序", re.IGNORECASE)
_PUNCTUATION = frozenset(string.punctuation + "，。！？、；：“”‘’（）《》【】…—·")
_HAN = re.compile(f"[{HAN}]")
_HAN_A_WORD = 2


class InstructionFilters(BaseModel):
    """Bounds on an instruction; three words or fewer, more than 150 and F above 0.7 are out as published."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_words: int = Field(default=4, ge=1)
    max_words: int = Field(default=150, ge=1)
    max_rouge_l: float = Field(default=THRESHOLD, ge=0, le=1)


class Fault(NamedTuple):
    """Why an instruction is out, and what in it says so."""

    reason: str
    detail: str


def instruction_fault(text: str, language: str, filters: InstructionFilters) -> Fault | None:
    """The first filter that `text`, asked for in `language` (en or zh), does not pass; null for none.

    >>> instruction_fault("Draw a map of the town", "en", InstructionFilters())
    Fault(reason='other_media', detail='Draw')
    """
    if not text.strip():
        return Fault("empty", "no text")
    if found := _wrong_length(text, filters):
        return found
    if media := _OTHER_MEDIA.search(text):
        return Fault("other_media", media[0])
    if program := _PROGRAM.match(text.strip()):
        return Fault("asks_for_program", program[0])
    first = text.strip()[0]
    if first in _PUNCTUATION or not (first.isascii() or (language == "zh" and _HAN.match(first))):
        return Fault("wrong_start", first)
    said = language_of(text)
    return Fault("other_language", said) if said in ("en", "zh") and said != language else None


def filtered_instruction(row: Written, filters: InstructionFilters) -> Written:
    """`row` with the filter that it does not pass, if there is one."""
    if not row.is_open or row.instruction is None:
        return row
    fault = instruction_fault(row.instruction, row.language, filters)
    return row if fault is None else row.dropped(*fault)


def _wrong_length(text: str, filters: InstructionFilters) -> Fault | None:
    han = len(_HAN.findall(text))
    words = len(_HAN.sub(" ", text).split())
    if words + han < filters.min_words:
        return Fault("too_short", f"{words + han} words")
    longest = words + han // _HAN_A_WORD
    return Fault("too_long", f"{longest} words") if longest > filters.max_words else None
