"""The ways in which an instruction evolves, and which of them an instruction takes in a round.

Evol-Instruct (WizardLM, arXiv 2304.12244): five in-depth operations and one in breadth, one of the six drawn
uniformly for each instruction and round. WizardCoder (arXiv 2306.08568) has five of its own for code, wrong
code as a misdirection among them. Their words are in `prompts/evolving_operations.txt` and
`prompts/evolving_code_operations.txt`, a line each; `prompts/evolving.txt` asks with them, as it does for
Deita's ladders.
Departures: the draw belongs to (seed, root, round), not to the order of the rows; which operations are drawn
from is a parameter.
"""

import re
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.files import Prompt, read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.selection.tags.verb_noun_tags import has_code, is_about_code

Kind = Literal["text", "code"]
KINDS: tuple[Kind, ...] = ("text", "code")
PROMPTS: dict[Kind, str] = {"text": "evolving_operations", "code": "evolving_code_operations"}
# What WizardCoder shows without changing what the right program is.
SAME_ANSWER = "misdirect"

_LINE = re.compile(r"^([a-z_]+): *(\S.*)$", re.MULTILINE)
_ALWAYS = "always"
_CODE_CATEGORY = re.compile(r"\b(?:code|coding|program\w*)\b|代码|编程", re.IGNORECASE)


def operation_texts(prompt: Prompt) -> dict[str, str]:
    """By name, what is put behind `[Method]`: the operation's line of the file, and the line `always`."""
    lines = dict(_LINE.findall(prompt.text))
    always = lines.pop(_ALWAYS, None)
    below = f"\n{_ALWAYS}: {always}" if always else ""
    return {name: f"{name}: {text}{below}" for name, text in lines.items()}


def texts_of_operations(names: Sequence[str], kind: Kind) -> dict[str, str]:
    """The texts of the operations `names`, in that order.

    Raises `ConfigurationError` for one that the file does not have.
    """
    texts = operation_texts(read_prompt(PROMPTS[kind]))
    unknown = [name for name in names if name not in texts]
    if unknown:
        raise ConfigurationError(
            f"there is no operation `{unknown[0]}` for {kind}",
            file=f"src/instruction_tuning/prompts/{PROMPTS[kind]}.txt",
            field=f"instruction_evolution.{kind}_operations",
            fix=f"name some of: {', '.join(texts)}; or write a line for it",
        )
    return {name: texts[name] for name in names}


def drawn_operation(names: Sequence[str], *, root_id: str, round_number: int, seed: int) -> str:
    """One of `names`, uniformly, by (seed, root, round); their order does not matter."""
    return substream(seed, "evolution_operation", root_id, round_number).choice(sorted(names))


def kinds_of(records: pd.DataFrame) -> "pd.Series[str]":
    """`code` or `text` for each of `records` (instruction; category and answer, which may be null).

    Code: the category says so, the request or its answer holds some, or a request without an answer speaks of
    it.
    """
    instructions = records["instruction"].astype("str")
    answers = records["answer"].astype("str")
    labelled = records["category"].astype("str").str.contains(_CODE_CATEGORY).fillna(False).astype(bool)
    shown = has_code(instructions) | has_code(answers.fillna(""))
    spoken_of = is_about_code(instructions) & answers.isna()
    is_code = labelled | shown | spoken_of
    return is_code.map({True: "code", False: "text"}).astype("str").rename("kind")
