"""A textbook and its exercises: a short section on each subject, and questions with answers on the section.

After Gunasekar et al. 2023, Textbooks Are All You Need (Phi-1, arXiv 2306.11644): text that teaches, and
exercises that practise what was taught. Diversity comes from the subjects, which are given, and from the
novelty filter over the exercises. Its prompts are not public; these are our own, and for any subject, not
for Python alone. A model trained on exercises alone loses other abilities: mix with what it could do before.
"""

import re
from dataclasses import replace
from typing import NamedTuple

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.asking import LANGUAGE_NAMES, NO_REPLY, Reply, Writer
from instruction_tuning.synthesis.instances import instance_fault, without_placeholder
from instruction_tuning.synthesis.instruction_filters import InstructionFilters, filtered_instruction
from instruction_tuning.synthesis.novelty_filter import known_instructions, only_new
from instruction_tuning.synthesis.numbered_items import numbered_items
from instruction_tuning.synthesis.rouge_novelty import rouge_tokens
from instruction_tuning.synthesis.written_rows import DROPPED, KEPT, Written
from instruction_tuning.text.digests import name_of
from instruction_tuning.text.languages import language_of
from instruction_tuning.text.refusals import begins_with_refusal

METHOD = "textbook"
_LEAST_TOKENS = 10
_EXERCISE = re.compile(r"^[\s*_#]*(?:exercise|question)[\s*_]*[:：][\s*_]*", re.IGNORECASE)
_ANSWER = re.compile(r"^[ \t*_#]*answer[ \t*_]*[:：][ \t*_]*", re.IGNORECASE | re.MULTILINE)
SECTION_DTYPES = {
    name: "str"
    for name in ("section_id", "topic", "language", "text", "status", "drop_reason", "prompt_digest")
}


class TextbookParameters(BaseModel):
    """Subjects, the length of a section and how many exercises follow it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    topics: tuple[str, ...]
    section_words: int = Field(ge=20)
    exercises: int = Field(ge=1, le=50)
    max_tokens: int = Field(gt=0)


class Textbook(NamedTuple):
    """Sections (schemas.textbook_sections) and exercises."""

    sections: pd.DataFrame
    exercises: list[Written]


def write_textbook(
    rows: pd.DataFrame,
    writer: Writer,
    settings: TextbookParameters,
    filters: InstructionFilters,
    *,
    languages: tuple[str, ...],
) -> Textbook:
    """A section a topic and language, and exercises to those kept that are new beside `rows`."""
    sections = _sections(writer, settings, languages)
    written = _exercises(sections[sections["status"] == KEPT], writer, settings)
    filtered = [filtered_instruction(row, filters) for row in written]
    return Textbook(sections, only_new(filtered, known_instructions(rows), max_rouge_l=filters.max_rouge_l))


def no_sections() -> pd.DataFrame:
    """An empty frame of sections."""
    return pd.DataFrame(columns=list(SECTION_DTYPES)).astype(SECTION_DTYPES)


def _sections(writer: Writer, settings: TextbookParameters, languages: tuple[str, ...]) -> pd.DataFrame:
    prompt = read_prompt("textbook_section")
    places = [(topic, language) for language in languages for topic in dict.fromkeys(settings.topics)]
    contents = {
        name_of(METHOD, language, topic): prompt.fill(
            {
                "topic": topic,
                "language": LANGUAGE_NAMES[language],
                "words": str(settings.section_words),
            }
        )
        for topic, language in places
    }
    replies = writer.ask("textbook_section", contents, max_tokens=settings.max_tokens)
    records = []
    for topic, language in places:
        reply = replies[name_of(METHOD, language, topic)]
        reason = _section_fault(reply, language)
        records.append(
            {
                "section_id": name_of(METHOD, language, topic),
                "topic": topic,
                "language": language,
                "text": None if reply.text is None else reply.text.strip(),
                "status": KEPT if reason is None else DROPPED,
                "drop_reason": reason,
                "prompt_digest": prompt.digest,
            }
        )
    return pd.DataFrame(records, columns=list(SECTION_DTYPES)).astype(SECTION_DTYPES)


def _section_fault(reply: Reply, language: str) -> str | None:
    if reply.text is None:
        return NO_REPLY
    if reply.is_cut_off:
        return "cut_off"
    if begins_with_refusal(reply.text.strip()):
        return "refused"
    if len(rouge_tokens(reply.text)) < _LEAST_TOKENS:
        return "too_short"
    said = language_of(reply.text)
    return "other_language" if said in ("en", "zh") and said != language else None


def _exercises(sections: pd.DataFrame, writer: Writer, settings: TextbookParameters) -> list[Written]:
    prompt = read_prompt("textbook_exercises")
    rows = {str(row["section_id"]): row for row in sections.to_dict("records")}
    contents = {
        key: prompt.fill({"section": str(row["text"]), "count": str(settings.exercises)})
        for key, row in rows.items()
    }
    replies = writer.ask("textbook_exercises", contents, max_tokens=settings.max_tokens)
    read = {}
    for key, reply in replies.items():
        origin = Written(
            place=f"{METHOD}-{key}",
            parent_ids=(key,),
            method=METHOD,
            round=1,
            language=str(rows[key]["language"]),
            prompt_digest=prompt.digest,
        )
        read[key] = _exercises_of(reply, origin, settings.exercises)
    unread = [key for key, found in read.items() if found[0].drop_reason == "unreadable"]
    writer.refuse_unreadable(replies, unread, "numbered list of exercises")
    return [row for found in read.values() for row in found]


def _exercises_of(reply: Reply, origin: Written, most: int) -> list[Written]:
    if reply.text is None:
        return [origin.dropped(NO_REPLY, reply.error)]
    items = numbered_items(reply.text, most=most, is_cut_off=reply.is_cut_off)
    rows = []
    for place, item in enumerate(items):
        question, *answers = _ANSWER.split(item.text, maxsplit=1)
        row = replace(
            origin,
            place=f"{origin.place}/{place}",
            instruction=_EXERCISE.sub("", question, count=1).strip(),
            input="",
            output=without_placeholder(answers[0]) if answers else "",
            raw=item.text,
        )
        reason = item.drop_reason or instance_fault("", str(row.output))
        rows.append(row if reason is None else row.dropped(reason))
    return rows or [replace(origin, raw=reply.text).dropped("unreadable", "no numbered list")]
