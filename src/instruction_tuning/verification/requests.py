"""Whether a prompt asks for what it mentions: in the imperative, or in a form that asks for it.

"Describe rain in 3 words", "Can you tell it in 3 words?", "Your answer should have 3 words" and "In 3 words,
what is rain?" ask; "What can you say in 3 words?" and "He wrote 3 words" do not. O(length).
"""

import re

_VERBS = (
    "write|describe|summari[sz]e|explain|give|list|tell|answer|reply|respond|compose|create|generate|make|produce|"
    "rewrite|rephrase|paraphrase|shorten|condense|reduce|expand|state|define|name|provide|use|keep|limit|draft|"
    "compare|discuss|construct|form|craft|outline|suggest|propose|sketch|sum|introduce|present|express|convert|"
    "translate|edit|compress|say|return|output|format|include|contain|mention|begin|start|end|finish|analy[sz]e|"
    "design|develop|retell|show|identify|extract|do not|"
    "don['’]t|never|avoid|make sure|be sure|ensure|remember"
)
_POLITE = r"(?:please|kindly|also|then|now|and|but|so|finally|next|first|lastly|only|just)"
_ASKED = re.compile(
    rf"(?:^|[,;:)\"”]|\band|\bthen|\bbut)\s*(?:[-*•]\s*|\d+[.)]\s*)?(?:{_POLITE},?\s+)*(?:{_VERBS})\b"
    rf"|\b(?:can|could|would|will) you (?:please )?(?:{_VERBS})\b"
    r"|\b(?:should|must|has to|have to|needs? to|want|would like|need) "
    r"|^\s*(?:(?:in|with|using) (?:(?:exactly|at most|at least|under"
    r"|no more than) )?\d|at (?:most|least)|up to"
    r"|no (?:more|fewer|less)|not more|exactly|\d|max|min)",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\s*(?:(?:in|on|at|with|for|by|to|of|under) (?:what|which|whose)|what|why|how|who|when"
    r"|where|which|is|are|was|were|do(?! not)|does|did|should|has|have)\b",
    re.I,
)
_ANOTHERS = re.compile(
    r"\b(?:how (?:to|do|can|would|should)|ways? to|tips|program|function|script|code|algorithm)\b",
    re.IGNORECASE,
)
_HAN_QUESTION = re.compile(r"如何|怎么|怎样|为什么|函数|程序|代码|脚本|吗[？?]")
_EDGE = re.compile(r"[.!?。！？\n](?=\s|$|[\u4e00-\u9fff\"'”])|\n")


def asks_for(prompt: str, start: int, end: int) -> bool:
    """Whether what stands from `start` to `end` is asked of the answer, by the sentence it is in."""
    before = [edge.end() for edge in _EDGE.finditer(prompt, 0, start)]
    after = _EDGE.search(prompt, end)
    sentence = prompt[before[-1] if before else 0 : after.end() if after else len(prompt)]
    if re.search(r"[\u4e00-\u9fff]", prompt[start:end]):
        return _HAN_QUESTION.search(sentence) is None
    upto = prompt[before[-1] if before else 0 : end]
    return not (_QUESTION.match(upto) or _ANOTHERS.search(upto)) and _ASKED.search(upto) is not None
