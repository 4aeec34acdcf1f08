"""Two responses to one question, with votes or scores.

Responses: `response1`, `response2` (PandaLM) or `output_1`, `output_2` (AlpacaEval). Votes: `annotator1`,
`annotator2`, …, `preference`, `winner`, or a list in `votes`; each is 1 or 2 for the better response, 0, 1.5
or "tie" for neither, null where nothing was measured. `scores` is a pair of numbers, the better one higher;
negative ones mean that the judge gave none.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

from instruction_tuning.canonical.conversation import (
    Compared,
    Conversation,
    Part,
    Turn,
    Verdict,
    Votes,
    first_of,
    shown,
    text_field,
)
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import question_of
from instruction_tuning.canonical.turns import structure_field

RESPONSES = (("response1", "response2"), ("response_1", "response_2"), ("output_1", "output_2"))
ASKED = ("instruction", "prompt", "question")

_VOTE_FIELD = re.compile(r"annotator_?\d+|preference|winner|votes")
_MEANINGS: dict[str, Verdict] = {
    "1": "first",
    "1.0": "first",
    "model_a": "first",
    "2": "second",
    "2.0": "second",
    "model_b": "second",
    "0": "tie",
    "0.0": "tie",
    "1.5": "tie",
    "tie": "tie",
}
_NO_VOTE = ("", "nan", "none")


def response_votes_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The question with the response that more voters preferred, compared with the other."""
    question = question_of(fields, first_of(fields, ASKED), "input")
    if isinstance(question, Fault):
        return question
    responses = []
    for name in next((pair for pair in RESPONSES if pair[0] in fields), RESPONSES[0]):
        text = text_field(fields, name)
        if isinstance(text, Fault):
            return text
        responses.append(Part(name, text))
    votes, scores = _votes(fields), _scores(fields)
    if isinstance(votes, Fault):
        return votes
    if isinstance(scores, Fault):
        return scores
    verdict = _most(votes) if votes else _higher(scores)
    compared = Compared(responses[0], responses[1], verdict, votes, scores)
    return Conversation((question, Turn("assistant", (compared.preferred,))), compared=compared)


def _votes(fields: Mapping[str, object]) -> Votes | Fault | None:
    """The votes counted; null when there is none."""
    counts: Counter[Verdict] = Counter()
    for name in fields:
        if not isinstance(name, str) or not _VOTE_FIELD.fullmatch(name):
            continue
        value = structure_field(fields, name)
        for vote in value if isinstance(value, list) else [value]:
            if vote is None or (not isinstance(vote, bool) and _word(vote) in _NO_VOTE):
                continue
            meaning = None if isinstance(vote, bool) else _MEANINGS.get(_word(vote))
            if meaning is None:
                return Fault("unknown_vote", name, shown(vote))
            counts[meaning] += 1
    return Votes(counts["first"], counts["second"], counts["tie"]) if counts else None


def _word(vote: object) -> str:
    return str(vote).strip().casefold() if isinstance(vote, str | float) or _is_small(vote) else "?"


def _is_small(vote: object) -> bool:
    return isinstance(vote, int) and -10 < vote < 10


def _most(votes: Votes) -> Verdict:
    """What more voters say than anything else; a tie where no such thing is."""
    if votes.first > max(votes.second, votes.tie):
        return "first"
    return "second" if votes.second > max(votes.first, votes.tie) else "tie"


def _scores(fields: Mapping[str, object]) -> tuple[float, float] | Fault | None:
    value = structure_field(fields, "scores")
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        return Fault("wrong_type", "scores", f"{shown(value)}, expected two numbers")
    for position, score in enumerate(value):
        if isinstance(score, bool) or not isinstance(score, int | float):
            return Fault("wrong_type", f"scores[{position}]", shown(score))
        if abs(score) > 1e9 or math.isnan(score):
            return Fault("wrong_type", f"scores[{position}]", "no score is that large")
    first, second = float(value[0]), float(value[1])
    return None if min(first, second) < 0 else (first, second)


def _higher(scores: tuple[float, float] | None) -> Verdict | None:
    if scores is None:
        return None
    return "tie" if scores[0] == scores[1] else "first" if scores[0] > scores[1] else "second"
