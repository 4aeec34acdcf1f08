"""One chat-completions request: what is asked, for which record, and the digest that names it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from instruction_tuning.lm.reply_schema import ReplySchema
from instruction_tuning.lm.top_tokens import TOP_TOKENS
from instruction_tuning.seeds import substream_seed

Message = dict[str, str]


def as_messages(value: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Plain role/content dicts from a frame's list column (a list, or a numpy array after Parquet)."""
    return [{"role": str(message["role"]), "content": str(message["content"])} for message in value]


def without_answer(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """The conversation up to the last turn that is not the assistant's: what a model is asked."""
    turns = as_messages(messages)
    while turns and turns[-1]["role"] == "assistant":
        turns.pop()
    return turns


@dataclass(frozen=True)
class ChatRequest:
    """`num_samples` completions of one conversation, asked for in one request.

    `sample_index` is the index of the first sample among the record's; `seed` is sent to the server,
    which may ignore it. `schema` is the form that replies have to have (null: any text); `with_top_tokens`
    asks for the likeliest tokens beside those that were written (top_tokens.py).
    """

    record_id: str
    kind: str
    messages: tuple[tuple[str, str], ...]  # (role, content)
    num_samples: int
    temperature: float
    max_tokens: int
    seed: int
    sample_index: int = 0
    schema: ReplySchema | None = None
    with_top_tokens: bool = False

    def body(self, model: str, *, missing: int, part: int) -> dict[str, Any]:
        """The JSON body of the `part`-th request for this conversation, for the `missing` samples.

        Part 0 asks for all samples; a server that returned fewer is asked again with another seed.
        """
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": role, "content": content} for role, content in self.messages],
            "n": missing,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": (self.seed + part) % 2**31,
        }
        # Only where they are asked for: a request without them keeps the id that it was paid under.
        if self.schema is not None:
            body["response_format"] = self.schema.response_format()
        if self.with_top_tokens:
            body |= {"logprobs": True, "top_logprobs": TOP_TOKENS}
        return body


def chat_request(
    record_id: str,
    kind: str,
    messages: Iterable[Mapping[str, Any]],
    *,
    num_samples: int,
    temperature: float,
    max_tokens: int,
    seed: int,
    sample_index: int = 0,
    schema: ReplySchema | None = None,
    with_top_tokens: bool = False,
) -> ChatRequest:
    """A `ChatRequest` from a list of role/content mappings."""
    return ChatRequest(
        record_id=record_id,
        kind=kind,
        messages=tuple((message["role"], message["content"]) for message in as_messages(messages)),
        num_samples=num_samples,
        temperature=temperature,
        max_tokens=max_tokens,
        # Servers written in JavaScript lose integers above 2**53; vLLM wants a signed 64-bit one.
        seed=seed % 2**31,
        sample_index=sample_index,
        schema=schema,
        with_top_tokens=with_top_tokens,
    )


def text_request(
    record_id: str,
    kind: str,
    text: str,
    *,
    temperature: float,
    max_tokens: int,
    seed: int,
    num_samples: int = 1,
    sample_index: int = 0,
    drawn_by: tuple[object, ...] = (),
    schema: ReplySchema | None = None,
    with_top_tokens: bool = False,
) -> ChatRequest:
    """A `ChatRequest` of one user turn, `text`; its seed is drawn by (seed, kind, record id, *drawn_by)."""
    return chat_request(
        record_id,
        kind,
        [{"role": "user", "content": text}],
        num_samples=num_samples,
        temperature=temperature,
        max_tokens=max_tokens,
        seed=substream_seed(seed, kind, record_id, *drawn_by),
        sample_index=sample_index,
        schema=schema,
        with_top_tokens=with_top_tokens,
    )


def request_id(body: Mapping[str, Any], part: int) -> str:
    """32 hex digits of the SHA-256 over the body (the model's name is in it) and the part.

    The address of the endpoint is left out: the same model behind another port is the same model.
    """
    text = json.dumps([body, part], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
