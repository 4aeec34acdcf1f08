"""Answers that say what a model cannot do, or that it is one, in English and Chinese.

A refusal is told by how an answer begins, a reference to oneself as a program by a phrase anywhere in it.
O(length).
"""

import re

# A refusal says what a model cannot do, or that it is one; an apology alone may be the text asked for.
_SORRY = (
    r"(?:unfortunately,? ?|(?:i(?:['’]?m| am) )?(?:(?:very|so|really|deeply|terribly) )?sorry[,.;:!]? ?"
    r"(?:but )?)"
)
_CANNOT = r"i(?: can(?:not|['’]?t| not)|(?: am|['’]?m) (?:unable|not able) to)"
_MODEL = (
    r"(?:as|i(?: am|['’]?m)) (?:just |only )?an? (?:"
    r"(?:(?:ai|artificial intelligence) )?(?:large )?language model|"
    r"(?:ai|artificial intelligence) (?:model|assistant|chatbot|system)|"
    r"(?:ai|artificial intelligence)(?=,| i\b))"
)
_HAS_NOT = r"i (?:do not|don['’]t) have (?:access|enough (?:information|context)|the (?:ability|capability))"
_REFUSED = (
    r"(?:help(?! but\b| \w+ing\b)|assist|answer|respond|provide|do (?:this|that|so|it)|fulfil+|comply|"
    r"complete|generate|create|write|translate|discuss|support|engage|access|browse|open|see|view|recommend|"
    r"condone|encourage|endorse|promote|advise)"
)
_REFUSAL = re.compile(
    rf"(?:(?:{_SORRY})?(?:{_CANNOT} {_REFUSED}|{_MODEL}|{_HAS_NOT})\b|"
    rf"{_SORRY}{_CANNOT} (?:say|tell|determine|confirm|find|give|predict|estimate|make|do)\b|"
    rf"{_SORRY}(?:the|this) task (?:involves|requires|cannot)\b|"
    rf"{_SORRY}you (?:did not|didn['’]?t|have not|haven['’]?t) (?:provid|specif|g[ai]ve)|"
    rf"(?:{_SORRY})?i(?: am|['’]m) not (?:allowed|going|willing) to "
    r"(?:help|assist|tell|answer|provide|give)\b|"
    r"(?:(?:很|非常|十分)?(?:抱歉|对不起)[，,。！! ]*(?:但是?)?[，, ]*)?(?:"
    r"(?:作为|我是)一?[个名款]?(?:ai|人工智能)?(?:大型?)?语言(?:模型|ai)|"
    r"(?:作为|我是)一?[个名款]?(?:ai|人工智能|文本|聊天)(?:助手|模型|机器人|程序|系统)|"
    r"作为一?[个名款]?(?:ai|人工智能)(?=[，,我])|"
    r"您并?没有(?:给|(?:为|向)?我?提供)|"
    r"由于我是一?[个名款]?(?:ai|人工智能|语言模型)|"
    r"我?(?:无法|不能|没有?办法)(?:直接)?(?:回答|提供|帮助|完成|协助|满足|生成|处理|执行|访问|给出|创建|制作|确定|判断)))",
    re.I,
)
_SELF_REFERENCE = re.compile(
    r"\bi (?:do not|don['’]t) have (?:(?:a |any )?(?:personal|subjective)|real-time|"
    r"feelings|emotions|consciousness)\b|"
    r"\b(?:as|i am|i['’]m|being) (?:just |only |merely |simply )?an? (?:"
    r"(?:ai|artificial intelligence|(?:large )?language model)\b(?! (?:research|engineer|develop|expert|"
    r"profess|"
    r"student|scien|special))|(?:virtual|digital) assistant\b|(?:computer )?program,)|"
    r"(?:作为|身为|我(?:只)?是)一?[个名款种]?[^，。！？,.!?\n]{0,8}?"
    r"(?:人工智能|(?<![A-Za-z])ai(?![A-Za-z])|语言模型|聊天机器人|文本机器人|智能助[手理]|虚拟助[手理])",
    re.IGNORECASE,
)
# One of these is in every such phrase, in lower case.
SELF_REFERENCE_WORDS = (
    *(" personal", " subjective", "real-time", " feelings", " emotions", " consciousness"),
    *(" an ai", " an artificial", "language model", "virtual assistant", "digital assistant", " program,"),
    *("作为", "身为", "我是", "我只是"),
)
_CANNOT_OR_NOT = re.compile(
    r"\b(?:cannot|can['’]t|not|unable|unreliable)\b|n['’]t\b|无法|不能|没有|没办法|不具备|暂时不",
    re.IGNORECASE,
)
_OPENING, _DECLINES_WITHIN = 40, 160  # characters


def begins_with_refusal(answer: str) -> bool:
    """Whether the answer begins by declining, or by saying that a model gives it."""
    return _REFUSAL.match(answer) is not None


def declines(answer: str) -> bool:
    """Whether the answer begins by declining; "as an AI" has to go on with what it cannot do."""
    if not begins_with_refusal(answer):
        return False
    names_itself = _SELF_REFERENCE.search(answer, 0, _OPENING) is not None
    return not names_itself or _CANNOT_OR_NOT.search(answer, 0, _DECLINES_WITHIN) is not None


def self_reference(answer: str) -> tuple[int, int] | None:
    """Where the answer first calls itself a program ("as an AI", 作为人工智能), or null."""
    found = _SELF_REFERENCE.search(answer)
    return found.span() if found else None
