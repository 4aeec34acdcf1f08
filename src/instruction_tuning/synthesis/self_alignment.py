"""Principle-driven answers: a model thinks which principles bear on a request, then answers.

SELF-ALIGN (Dromedary, arXiv 2305.03047), section 3.2: a base model gets principles, exemplars with internal
thoughts and the query, and goes on with thoughts and answer. Kept are answers after thoughts that name a
principle.

    reply = thoughts + answer;  kept if no filter of `answer_fault` finds anything

O(prompts) requests. Departures: principles (12, not 16), exemplars and filters are our own; an answer that
declines is dropped unless the request is adversarial; what repeats itself is dropped, not cut; every dropped
answer is a row with its reason.
"""

import re
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.alignment_files import Exemplar, Principle
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.written_rows import DROPPED, KEPT
from instruction_tuning.text.refusals import declines
from instruction_tuning.verification.marks import FAILED, UNPARSEABLE

_REPLY = re.compile(
    r"^[\s*_#]*(?:thoughts|思考)[\s*_]*[:：](?P<thoughts>.*?)^[\s*_#]*(?:answer|回答)[\s*_]*[:：](?P<answer>.*)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
# Where a base model goes on with a query of its own.
_NEXT = re.compile(r"^\s*\[(?:query to answer|end of query|examples|query)\]", re.IGNORECASE | re.MULTILINE)
_LEAKS = re.compile(
    r"\b(?:my|these|the|our) (?:principles?|(?:internal )?thoughts)\b|^thoughts:"
    r"|(?:内部)?思考[:：]|原则[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = re.compile(r"[^.!?。！？\n]+")
_LEAST_REPEATED, _MOST_TIMES = 12, 2  # characters of a sentence, and how often it may be said
_LEAST_COPIED = 16  # characters of a prompt that an answer may not hold


@dataclass(frozen=True)
class Guidance:
    """What the model is shown before each query."""

    principles: Sequence[Principle]
    exemplars: Sequence[Exemplar]

    @property
    def texts(self) -> dict[str, str]:
        """The values of `{principles}` and `{exemplars}` in the prompt."""
        shown = "\n\n".join(
            f"[Query]\n{one.query}\nThoughts: {one.thoughts}\nAnswer: {one.answer}" for one in self.exemplars
        )
        listed = "\n".join(f"[{principle.name}] {principle.text}" for principle in self.principles)
        return {"principles": listed, "exemplars": shown}


def principled_requests(
    prompts: pd.DataFrame, guidance: Guidance, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a kept row of `prompts` (example_id, prompt, status)."""
    prompt, texts = read_prompt("principled_answer"), guidance.texts
    return [
        text_request(
            str(row["example_id"]),
            "principled_answer",
            prompt.fill({**texts, "query": str(row["prompt"])}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for row in prompts[prompts["status"] == KEPT].to_dict("records")
    ]


def principled_answers(prompts: pd.DataFrame, completions: pd.DataFrame, guidance: Guidance) -> pd.DataFrame:
    """`prompts` with thoughts, principles (names), answer, model, stage, status and reason; a row each.

    What fell at `stage` prompt keeps its reason; the others fall at stage answer, or are kept.
    """
    replies = {str(reply["record_id"]): reply for reply in completions.to_dict("records")}
    columns: dict[str, list[Any]] = {
        name: [] for name in ("thoughts", "principles", "answer", "model", "stage", "status", "reason")
    }
    for row in prompts.to_dict("records"):
        found: dict[str, Any] = {
            "principles": [],
            "stage": "prompt",
            "status": DROPPED,
            "reason": row["reason"],
        }
        if row["status"] == KEPT:
            found = _answered(row, replies.get(str(row["example_id"])), guidance)
        for name, values in columns.items():
            values.append(found.get(name))
    kinds = {name: "object" if name == "principles" else "str" for name in columns}
    series = {
        name: pd.Series(values, index=prompts.index, dtype=kinds[name]) for name, values in columns.items()
    }
    return prompts.assign(**series)


def parse_reply(reply: str) -> tuple[str, str] | None:
    """Thoughts and answer, the answer up to where another query begins; null where the reply has not both.

    >>> parse_reply("Thoughts: [direct] Short.\\nAnswer: 25 days.\\n\\n[Query]\\nWhy?")
    ('[direct] Short.', '25 days.')
    """
    found = _REPLY.search(reply)
    if found is None:
        return None
    answer = _NEXT.split(found["answer"], maxsplit=1)[0]
    return found["thoughts"].strip(), answer.strip()


def named_principles(thoughts: str, principles: Sequence[Principle]) -> list[str]:
    """Those that stand in brackets, in the order of the file."""
    said = {name.casefold() for name in re.findall(r"\[([\w-]+)\]", thoughts)}
    return [principle.name for principle in principles if principle.name.casefold() in said]


def answer_fault(prompt: str, answer: str, guidance: Guidance, *, is_adversarial: bool) -> str | None:
    """What keeps an answer from being an example, or null."""
    if not answer:
        return "empty"
    if declines(answer) and not is_adversarial:
        return "refusal"
    if named_principles(answer, guidance.principles) or _LEAKS.search(answer):
        return "speaks_of_principles"
    if answer == prompt.strip() or (len(prompt) >= _LEAST_COPIED and prompt.strip() in answer):
        return "repeats_prompt"
    if any(answer == one.answer.strip() and prompt.strip() != one.query for one in guidance.exemplars):
        return "copies_exemplar"
    return "repeats_itself" if repeats_itself(answer) else None


def repeats_itself(text: str) -> bool:
    """Whether a sentence of some length is said three times."""
    said = Counter(sentence.strip() for sentence in _SENTENCE.findall(text))
    return any(count > _MOST_TIMES for sentence, count in said.items() if len(sentence) >= _LEAST_REPEATED)


def _answered(
    row: Mapping[Hashable, Any], reply: Mapping[Hashable, Any] | None, guidance: Guidance
) -> dict[str, Any]:
    found: dict[str, Any] = {"principles": [], "stage": "answer", "status": DROPPED, "reason": FAILED}
    if reply is None or reply["status"] != "ok":
        return found
    found["model"] = reply["model"]
    parsed = parse_reply(str(reply["response"]))
    if parsed is None:
        return {**found, "thoughts": str(reply["response"]), "reason": UNPARSEABLE}
    thoughts, answer = parsed
    names = named_principles(thoughts, guidance.principles)
    reason = "cut_off" if reply["finish_reason"] == "length" else None if names else "no_principle"
    is_adversarial = bool(row["adversarial"])
    reason = reason or answer_fault(str(row["prompt"]), answer, guidance, is_adversarial=is_adversarial)
    return {
        **found,
        "thoughts": thoughts,
        "principles": names,
        "answer": answer or None,
        "status": KEPT if reason is None else DROPPED,
        "reason": reason,
    }
