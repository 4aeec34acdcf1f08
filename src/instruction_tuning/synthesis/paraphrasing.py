"""Other ways to say an instruction, as far as can be checked that they say the same.

Honovich et al. 2022, Unnatural Instructions (arXiv 2212.09689): an example with its instruction in other
words is one more example. Whether it asks for the same nobody can tell by rule; numbers, negations, quoted
pieces and words in capitals have to be the same, and the language. O(characters).
Departures: no paraphrases are shown in the prompt; what is too near to anything known, its source included,
is out, where the paper drops exact copies.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from instruction_tuning.prompts.files import Prompt, read_prompt
from instruction_tuning.synthesis.asking import NO_REPLY, Reply, Writer
from instruction_tuning.synthesis.instruction_filters import InstructionFilters, filtered_instruction
from instruction_tuning.synthesis.novelty_filter import only_new
from instruction_tuning.synthesis.numbered_items import numbered_items
from instruction_tuning.synthesis.rouge_novelty import NoveltyIndex
from instruction_tuning.synthesis.written_rows import Written
from instruction_tuning.text.languages import language_of
from instruction_tuning.text.tokens import negations, numbers, tokens

PARAPHRASE = "unnatural_paraphrase"
_KEPT_WORDS = re.compile(r"\b[A-Z][A-Z0-9]+\b|[\"“「『`][^\"”」』`\n]+[\"”」』`]")


def paraphrases(
    sources: Sequence[Written],
    index: NoveltyIndex,
    writer: Writer,
    filters: InstructionFilters,
    *,
    count: int,
    max_tokens: int,
) -> list[Written]:
    """`count` rewordings of each of the `sources`, with its input and output; what is new gets known."""
    if not count or not sources:
        return []
    prompt = read_prompt("paraphrasing")
    contents = {
        row.record_id: prompt.fill({"instruction": str(row.instruction), "count": str(count)})
        for row in sources
    }
    replies = writer.ask("paraphrasing", contents, max_tokens=max_tokens)
    read = {row.record_id: _rewordings(row, replies[row.record_id], prompt, count) for row in sources}
    unread = [key for key, found in read.items() if found[0].drop_reason == "unreadable"]
    writer.refuse_unreadable(replies, unread, "numbered list of paraphrases")
    filtered = [filtered_instruction(row, filters) for found in read.values() for row in found]
    return only_new(filtered, index, max_rouge_l=filters.max_rouge_l)


def _rewordings(source: Written, reply: Reply, prompt: Prompt, most: int) -> list[Written]:
    origin = replace(
        source,
        place=f"{source.place}/reworded",
        instruction=None,
        parent_ids=(source.record_id,),
        method=PARAPHRASE,
        prompt_digest=prompt.digest,
        nearest_task_id=None,
        nearest_rouge_l=None,
        raw=reply.text,
    )
    if reply.text is None:
        return [origin.dropped(NO_REPLY, reply.error)]
    items = numbered_items(reply.text, most=most, is_cut_off=reply.is_cut_off)
    rows = []
    for place, item in enumerate(items):
        row = replace(origin, place=f"{origin.place}/{place}", instruction=item.text, raw=item.text)
        reason = item.drop_reason or meaning_changed(str(source.instruction), item.text)
        rows.append(row if reason is None else row.dropped(reason))
    return rows or [origin.dropped("unreadable", "no numbered list")]


def meaning_changed(source: str, reworded: str) -> str | None:
    """What shows that `reworded` asks for something else than `source`, or nothing else; null for nothing.

    >>> meaning_changed("Add 12 and 5.", "What is 12 plus 4?")
    'other_numbers'
    """
    if language_of(source) != language_of(reworded):
        return "other_language"
    before, after = tokens(source), tokens(reworded)
    if before == after:
        return "unchanged"
    if Counter(numbers(before)) != Counter(numbers(after)):
        return "other_numbers"
    if bool(negations(before)) != bool(negations(after)):
        return "other_negation"
    same_words = Counter(_KEPT_WORDS.findall(source)) == Counter(_KEPT_WORDS.findall(reworded))
    return None if same_words else "other_names"
