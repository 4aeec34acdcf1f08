"""Two conversations that differ in their last answer."""

import itertools

from instruction_tuning.canonical.conversation import Compared, Conversation, Turn, check_order
from instruction_tuning.canonical.faults import Fault


def pair_of_turns(
    chosen: tuple[Turn, ...] | Fault, rejected: tuple[Turn, ...] | Fault
) -> Conversation | Fault:
    """The chosen conversation, its last answer compared with that of the rejected one.

    Fault: they part before the last answer, so that the two do not answer the same.
    """
    for turns in (chosen, rejected):
        if isinstance(turns, Fault):
            return turns
        if fault := check_order(turns):
            return fault
        if turns[-1].role != "assistant":
            return Fault("empty_answer", turns[-1].parts[0].field, "nobody answers the last question")
    assert not isinstance(chosen, Fault) and not isinstance(rejected, Fault)
    if _said(chosen[:-1]) != _said(rejected[:-1]):
        return Fault("different_questions", rejected[-1].parts[0].field, _parting(chosen, rejected))
    first, second = chosen[-1].parts[0], rejected[-1].parts[0]
    return Conversation(chosen, compared=Compared(first, second, "first"))


def _said(turns: tuple[Turn, ...]) -> list[tuple[str, str]]:
    return [(turn.role, part.text.strip()) for turn in turns for part in turn.parts]


def _parting(chosen: tuple[Turn, ...], rejected: tuple[Turn, ...]) -> str:
    both = zip(_said(chosen), _said(rejected), strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda said: said[0] == said[1], both))
    return f"{len(chosen)} and {len(rejected)} turns, alike in the first {alike}"
