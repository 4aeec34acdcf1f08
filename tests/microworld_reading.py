"""Reading the world's documents back: which items their lines are about."""

import re
from collections.abc import Iterator

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.world import World

_PREFIX = re.compile(
    r"^(?:Q: |Question: |- |\* |问："
    r"|(?:Text|文)[:：] ?.*(?:Instruction: |指令：)|.*(?: / Asked was: |/问的是：)"
    r"|[A-Z][a-z]+ asks: |[A-Z][a-z]+: |[A-Z][a-z]+：)"
)
_SUFFIX = re.compile(
    r"(?: A: | Answer: |答：| \* | says: |标签：| Tags: | / |/).*$|(?<=[?？]) ?[^?？]*(?: / |/).*$"
    r"|(?<= )[A-Z][a-z]+ says: .*$"
)


def _pattern(skill: Skill, template: str) -> tuple[str, re.Pattern[str]]:
    """The pattern of a template, and its longest fixed part, by which most lines are told apart at once."""
    pattern, seen = "", set()
    fixed = max(re.split(r"\{\w+\}", template.replace("|", "")), key=len)
    for part in re.split(r"(\{\w+\})", template.replace("|", "")):
        slot = part[1:-1]
        if not re.fullmatch(r"\{\w+\}", part):
            pattern += re.escape(part)
        elif slot in ("answer", "working"):
            pattern += ".*?"
        elif slot in seen:
            pattern += f"(?P={slot})"
        else:
            seen.add(slot)
            pattern += f"(?P<{slot}>{skill.slot_patterns[slot]})"
    return fixed, re.compile(pattern)


PATTERNS = [
    (skill, [_pattern(skill, form) for form in (*skill.document_questions, *skill.document_forms)])
    for skill in DOCUMENT_SKILLS
]


def items_of(world: World, line: str) -> Iterator[tuple[Skill, dict[str, str]]]:
    """Every item that the line, or the question in it, can be read as."""
    bare = _PREFIX.sub("", line)
    candidates = {line, bare, _SUFFIX.sub("", bare), _SUFFIX.sub("", bare).removesuffix(bare.split(" ")[0])}
    for skill, patterns in PATTERNS:
        likely = (pattern for fixed, pattern in patterns if fixed in line)
        for found in (pattern.fullmatch(text) for pattern in likely for text in candidates):
            if found is None:
                continue
            try:
                yield skill, {**found.groupdict(), **skill.solve(world, found.groupdict())}
            except (KeyError, ValueError):
                continue
