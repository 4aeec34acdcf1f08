"""What kind of answer a query asks for: a program, mathematics, or anything else.

By the record's category where it has one that says so, else by plain wordings, English and Chinese.
O(length).
"""

import re
from typing import Literal

from instruction_tuning.verification.arithmetic import asked_value
from instruction_tuning.verification.verdict import Query

UseCase = Literal["general", "math", "code"]
_PROGRAM = re.compile(
    r"\b(?:write|give|make|implement|create|build|define|develop|generate|show|need|want|produce|complete|code)\b"
    r"[^.?!\n]{0,60}?\b(?:functions?|code|programs?|scripts?|methods?|classes|class|algorithms?|subroutine)\b|"
    r"^in (?:code|python)\b|\bprogram this\b|"
    r"(?:写|编写|给出|给我|实现|定义|要|怎么写)[^。？！\n]{0,8}?(?:函数|代码|程序|脚本)|用(?:代码|函数|python|程序)",
    re.IGNORECASE,
)
_MATHEMATICS = re.compile(
    r"\b(?:solve|calculate|compute|equation|how (?:many|much)|sum of|product of|integral|derivative|"
    r"percent(?:age)?|probability|average of)\b|计算|方程|求解|等于多少|多少[个元米]|概率|百分之|平均数",
    re.IGNORECASE,
)
_CATEGORIES: tuple[tuple[UseCase, re.Pattern[str]], ...] = (
    ("code", re.compile(r"\b(?:cod(?:e|ing)|programming)\b|代码|编程", re.IGNORECASE)),
    ("math", re.compile(r"\b(?:math\w*|arithmetic|gsm8k)\b|数学|计算", re.IGNORECASE)),
)


def asks_for_program(query: Query) -> bool:
    """Whether the answer is a program: not every question about code asks for one.

    >>> asks_for_program({"prompt": "Write a function to add 3 to x."})
    True
    """
    return _PROGRAM.search(str(query["prompt"])) is not None


def use_case_of(query: Query) -> UseCase:
    """`code`, `math` or `general`."""
    category = query.get("category")
    if isinstance(category, str):
        for use_case, pattern in _CATEGORIES:
            if pattern.search(category):
                return use_case
    if asks_for_program(query):
        return "code"
    prompt = str(query["prompt"])
    return "math" if asked_value(prompt) is not None or _MATHEMATICS.search(prompt) else "general"
