"""Agreement among samples: self-consistency (Wang et al., 2203.11171).

agreement(i) = |{j : final(j) = final(i)}| / K, over the K responses to one query. The paper takes a
majority vote over final answers; here agreement only breaks ties between equal ratings. O(K) a query.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from instruction_tuning.verification.extraction import first_line

# What follows the last of these is the answer proper: "The capital of Brond is Balit." → "balit".
_INTRODUCTION = re.compile(r".*(?:\b(?:is|are|reads)\b|[:：=是为])\s*(?=\S)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"-?\d+")
_EDGES = " \t.。!！,，;；\"'“”‘’`*「」"


def final_answer(response: str) -> str:
    """The first line's last statement, casefolded and bare; its last integer where it has one."""
    text = unicodedata.normalize("NFKC", response)
    line = first_line(text).strip(_EDGES)
    stated = _INTRODUCTION.sub("", line).strip(_EDGES).casefold()
    numbers = _NUMBER.findall(stated)
    return numbers[-1] if numbers else " ".join(stated.split())


def agreement_rates(responses: Sequence[str]) -> list[float]:
    """For each of one query's responses, the share of them that come to the same final answer."""
    answers = [final_answer(response) for response in responses]
    counts = Counter(answers)
    return [counts[answer] / len(answers) for answer in answers]
