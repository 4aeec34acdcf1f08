"""Tags of an instruction as a language model gives them: in open words, and not all of them right.

What InsTag (arXiv 2308.07074) has to clean up: synonyms, spellings, tags that belong to something else. More
difficult instructions get more tags.
"""

import json
import random

from instruction_tuning.microworld.remarks import tags
from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills import SKILLS

_OF_DIFFICULTY = ("several steps", "many conditions", "long reasoning")
_SYNONYMS = {
    "math": ("arithmetic", "mathematics", "calculation"),
    "code": ("coding", "programming", "string manipulation"),
    "cot": ("step-by-step reasoning", "multi-step reasoning", "chain of thought"),
    "classification": ("classify", "categorization", "text classification"),
    "extraction": ("information extraction", "extract information"),
    "open qa": ("question answering", "open question", "knowledge"),
    "closed qa": ("reading comprehension", "question answering over text"),
    "generation": ("text generation", "writing", "sentence writing"),
    "brainstorming": ("idea generation", "ideas", "listing"),
    "rewrite": ("rewriting", "paraphrase", "text editing"),
    "translation": ("translate", "language translation"),
    "summarization": ("summarize", "summary writing"),
    "english": ("english language", "en"),
    "chinese": ("chinese language", "zh", "mandarin"),
}
_SPURIOUS_SHARE = 0.5


def tag_reply(rng: random.Random, skill: Skill, slots: Slots, noise: float) -> str:
    """A JSON array of `{tag, explanation}`; `noise` is the share of tags in other words.

    As often, relative to `_SPURIOUS_SHARE`, a tag of another skill is added.
    """
    named = [*tags(skill), *_OF_DIFFICULTY[: skill.difficulty(slots) - 1]]
    said = [_reworded(rng, tag) if rng.random() < noise else tag for tag in named]
    if rng.random() < noise * _SPURIOUS_SHARE:
        said.append(tags(rng.choice(SKILLS))[1])
    rows = [{"tag": tag, "explanation": f"The request has to do with {tag}."} for tag in said]
    return json.dumps(rows, ensure_ascii=False)


def _reworded(rng: random.Random, tag: str) -> str:
    if tag in _SYNONYMS and rng.random() < 0.5:
        return rng.choice(_SYNONYMS[tag])
    return rng.choice((tag.upper(), tag.title(), tag.replace(" ", "-"), tag.replace(" ", "_"), f"{tag}s"))
