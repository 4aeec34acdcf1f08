"""Topic-guided prompts: kinds of requests, topics for each, and a request of that kind about each topic.

SELF-ALIGN (Dromedary, arXiv 2305.03047), section 3.1: topic-guided red-teaming self-instruct. A model thinks
of topics for each kind (20 adversarial ones in the paper), and writes one request for each kind and topic;
ordinary requests come from self-instruct. O(kinds + topics) requests. Departures: kinds and topics are a file
of our own, ordinary kinds among them; adversarial ones are mild. A topic or a prompt that is dropped is a row
with its reason.
"""

import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.alignment_files import TopicKind
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.selection.ladders.failed_evolutions import OK, UNCHANGED, evolution_status
from instruction_tuning.synthesis.numbered_items import numbered_items
from instruction_tuning.synthesis.written_rows import DROPPED, KEPT
from instruction_tuning.text.digests import name_of
from instruction_tuning.verification.marks import FAILED

SEED_TOPIC, MODEL_TOPIC = "file", "model"
MOST_TOPIC_WORDS, MOST_TOPIC_CHARACTERS = 5, 40
MOST_PROMPT_CHARACTERS = 1500
TOPIC_DTYPES = {
    "topic_id": "str",
    "kind": "str",
    "adversarial": "bool",
    "topic": "str",
    "origin": "str",
    "status": "str",
    "reason": "str",
}
PROMPT_DTYPES = {
    "example_id": "str",
    "origin": "str",
    "kind": "str",
    "topic": "str",
    "adversarial": "bool",
    "prompt": "str",
    "status": "str",
    "reason": "str",
}
_MOST_LISTED = 99
_ENDS = ".,;:!?。，；：！？"


def topic_requests(
    kinds: Sequence[TopicKind], *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a kind, for more topics than the file has."""
    prompt = read_prompt("topic")
    return [
        text_request(
            name_of(kind.kind),
            "topic",
            prompt.fill({"kind": kind.kind, "topics": "\n".join(kind.topics)}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for kind in kinds
    ]


def with_new_topics(
    kinds: Sequence[TopicKind], completions: pd.DataFrame, *, new_topics: int
) -> pd.DataFrame:
    """The file's topics and those of the replies (`TOPIC_DTYPES`), at most `new_topics` kept a kind."""
    replies = {str(reply["record_id"]): reply for reply in completions.to_dict("records")}
    rows: list[dict[str, object]] = []
    for kind in kinds:
        seen: set[str] = set()
        kept = 0
        listed = _listed(replies.get(name_of(kind.kind)))
        for topic, origin in [
            *((topic, SEED_TOPIC) for topic in kind.topics),
            *((topic, MODEL_TOPIC) for topic in listed),
        ]:
            reason = _topic_fault(topic, seen)
            if reason is None and origin == MODEL_TOPIC:
                reason = "beyond_new_topics" if kept >= new_topics else None
                kept += reason is None
            seen.add(_folded(topic))
            rows.append(
                {
                    "topic_id": name_of(kind.kind, topic, len(rows)),
                    "kind": kind.kind,
                    "adversarial": kind.adversarial,
                    "topic": topic,
                    "origin": origin,
                    "status": KEPT if reason is None else DROPPED,
                    "reason": reason,
                }
            )
    return pd.DataFrame(rows, columns=list(TOPIC_DTYPES)).astype(TOPIC_DTYPES)


def question_requests(
    topics: pd.DataFrame, *, prompts_per_topic: int, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a kept topic for `prompts_per_topic` requests of its kind."""
    prompt = read_prompt("topic_question")
    return [
        text_request(
            str(row["topic_id"]),
            "topic_question",
            prompt.fill({"kind": row["kind"], "topic": row["topic"]}),
            num_samples=prompts_per_topic,
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for row in topics[topics["status"] == KEPT].to_dict("records")
    ]


def topic_prompts(topics: pd.DataFrame, completions: pd.DataFrame) -> pd.DataFrame:
    """A row a prompt that was asked for (`PROMPT_DTYPES`), in the order of topics and samples."""
    by_topic = {row["topic_id"]: row for row in topics.to_dict("records")}
    prompt = read_prompt("topic_question")
    seen: set[str] = set()
    rows = []
    for reply in completions.to_dict("records"):
        topic = by_topic[reply["record_id"]]
        text = str(reply["response"]).strip() if reply["status"] == "ok" else None
        reason = FAILED if text is None else "cut_off" if reply["finish_reason"] == "length" else None
        if text is not None and reason is None:
            reason = _prompt_fault(text, seen)
            fault = evolution_status(text, [str(topic["topic"])], prompt, is_request=True)
            reason = reason or (None if fault == OK else "no_request" if fault == UNCHANGED else fault)
            seen.add(_folded(text))
        rows.append(
            {
                "example_id": name_of(topic["topic_id"], reply["sample_index"]),
                "origin": "topic",
                "prompt": text,
                "status": KEPT if reason is None else DROPPED,
                "reason": reason,
                **{name: topic[name] for name in ("kind", "topic", "adversarial")},
            }
        )
    return pd.DataFrame(rows, columns=list(PROMPT_DTYPES)).astype(PROMPT_DTYPES)


def given_prompts(prompts: Sequence[str], *, before: pd.DataFrame) -> pd.DataFrame:
    """Prompts that come from elsewhere in the same form; `before` are those that they may not repeat."""
    seen = {_folded(str(text)) for text in before["prompt"].dropna()}
    rows = []
    for number, text in enumerate(prompts):
        reason = _prompt_fault(text, seen)
        seen.add(_folded(text))
        rows.append(
            {
                "example_id": name_of("file", number, text),
                "origin": "file",
                "adversarial": False,
                "prompt": text,
                "status": KEPT if reason is None else DROPPED,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows, columns=list(PROMPT_DTYPES)).astype(PROMPT_DTYPES)


def _listed(reply: Mapping[Hashable, Any] | None) -> list[str]:
    """The first line of each item of a numbered list; without the last of a reply that was cut off."""
    if reply is None or reply["status"] != "ok":
        return []
    is_cut_off = reply["finish_reason"] == "length"
    items = numbered_items(str(reply["response"]), most=_MOST_LISTED, is_cut_off=is_cut_off)
    return [item.text.partition("\n")[0].rstrip() for item in items if item.drop_reason is None]


def _topic_fault(topic: str, seen: set[str]) -> str | None:
    if _folded(topic) in seen:
        return "repeated"
    if len(topic.split()) > MOST_TOPIC_WORDS or len(topic) > MOST_TOPIC_CHARACTERS:
        return "too_long"
    return "no_topic" if topic[-1] in _ENDS or not any(map(str.isalpha, topic)) else None


def _prompt_fault(text: str, seen: set[str]) -> str | None:
    if _folded(text) in seen:
        return "repeated"
    return "too_long" if len(text) > MOST_PROMPT_CHARACTERS else None


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).rstrip(_ENDS)
