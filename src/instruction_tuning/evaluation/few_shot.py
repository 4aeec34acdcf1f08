"""Few-shot examples that belong to an item, and how a document line is put together.

The examples of an item are drawn from the train split with the random stream (seed, item_id), so they
are the same for every model, batch and subset of items. Examples of the item's own skill come first;
where there are too few, those of its ability and language, then of its ability, fill up.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from instruction_tuning.errors import InputError
from instruction_tuning.seeds import substream

Item = Mapping[Any, Any]
"""A row of `benchmark_items`."""


class FewShotExamples:
    """The train items by ability, language and skill, to draw an item's examples from."""

    def __init__(self, train_items: Iterable[Item]) -> None:
        self._circles: dict[tuple[str, ...], list[Item]] = {}
        for item in sorted(train_items, key=lambda item: item["item_id"]):
            for circle in _circles(item):
                self._circles.setdefault(circle, []).append(item)

    def of(self, item: Item, count: int, *, seed: int) -> list[Item]:
        """`count` train items as the examples of `item`, in the order in which they are shown.

        Raises `InputError` where its ability has too few.
        """
        rng = substream(seed, "few_shot", item["item_id"])
        chosen: dict[str, Item] = {}
        for circle in _circles(item):
            rest = [other for other in self._circles.get(circle, []) if other["item_id"] not in chosen]
            drawn = rng.sample(rest, min(len(rest), count - len(chosen)))
            chosen.update({other["item_id"]: other for other in drawn})
        if len(chosen) < count:
            raise InputError(
                f"ability {item['ability']!r} has {len(chosen)} train items, and {count} examples are wanted",
                record=item["item_id"],
                field="split",
                fix="add items with split=train to the benchmark items, or lower evaluation.few_shot",
            )
        return list(chosen.values())


def _circles(item: Item) -> tuple[tuple[str, ...], ...]:
    """From the nearest relatives to the farthest."""
    ability, language = item["ability"], item["language"]
    return (ability, language, item["skill"]), (ability, language), (ability,)


def document_prompt_and_answer(prompt: str, target: str) -> tuple[str, str]:
    """The two halves of a document line, with the space between them on the answer's side.

    Byte-pair tokenizers keep a space with the word that follows it, so a prompt that ends in one
    would ask for something that the model never saw. After a wide character (Chinese text and
    punctuation) no space is put.

    >>> document_prompt_and_answer("The river of Velor is", "Miran.")
    ('The river of Velor is', ' Miran.')
    """
    bare_prompt, bare_target = prompt.rstrip(" "), target.strip()
    touches = not bare_prompt or unicodedata.east_asian_width(bare_prompt[-1]) in "WF"
    return bare_prompt, bare_target if touches else f" {bare_target}"


def earlier_turns(item: Item) -> list[dict[str, str]]:
    """Prompt and answer of each turn before the item's question; most items have none."""
    return list(json.loads(item["turns"])) if item.get("turns") else []


def example_turns(examples: Sequence[Item], form: str) -> list[dict[str, str]]:
    """Prompt and answer of each example, in the words of `form`; before it the turns that it refers to."""
    turns = []
    for example in examples:
        prompt, answer = example["question"], example["example_answer"]
        if form == "document_few_shot":
            prompt, answer = document_prompt_and_answer(
                example["document_prompt"], example["document_target"]
            )
        else:
            turns += earlier_turns(example)
        turns.append({"prompt": prompt, "answer": answer})
    return turns
