"""A model folder that answers chat-completions requests in this process, as a server would.

What is asked for at the same time is batched by length (local.py); weights are bfloat16 on a GPU that has it.
The noise of a sample comes from the request's seed, its messages and the sample's number, so that, but for
rounding, a text does not depend on what shares its batch. A prompt that does not fit is refused, as a server
does. Nothing keeps such a model within a schema; replies are checked against it like all others.
"""

import asyncio
import hashlib
import json
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from instruction_tuning.errors import AuthenticationError, ConfigurationError, EndpointUnreachableError
from instruction_tuning.lm.attempt import AttemptError, Reply
from instruction_tuning.lm.completion import Choice
from instruction_tuning.lm.embedding_reply import EmbeddingReply
from instruction_tuning.lm.embeddings import Embedder, batches_by_length
from instruction_tuning.lm.loading import context_length, load_config, load_model, load_tokenizer
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.top_tokens import TokenPlace, number_places
from instruction_tuning.seeds import substream_seed

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BATCH_TOKENS = 16_384
_EMBEDDED_TOKENS = 8_192  # of a text, at most
_Asked = tuple[dict[str, Any], "asyncio.Future[Reply]"]
# The likeliest tokens of each step, ids (K,) and log-probabilities (K,); null where nobody asked for them.
_Steps = list[tuple["torch.Tensor", "torch.Tensor"]]
_Written = tuple[list[int], _Steps | None]


class LocalEndpoint:
    """An async context manager; the model is read by the first request."""

    def __init__(self, endpoint: Endpoint) -> None:
        assert endpoint.local_folder is not None
        self._folder = open_model_folder(endpoint.local_folder)
        self._asked: list[_Asked] = []
        self._worker: asyncio.Task[None] | None = None
        self._model: _LoadedModel | None = None
        self._embedding = asyncio.Lock()
        self._embedder: Embedder | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._worker is not None:
            await self._worker

    async def check(self) -> None:
        """Raise where the folder's model cannot be asked questions."""
        tokenizer = await asyncio.to_thread(load_tokenizer, self._folder)
        if not tokenizer.chat_template:
            raise ConfigurationError(
                "the model's tokenizer has no chat template, so that it cannot be asked",
                file=self._folder.path,
                field="base_url",
                fix="take a model that was trained on chats, or add chat_template.jinja to its folder",
            )

    async def generate(self, body: dict[str, Any]) -> Reply:
        """As many as wait at the same time share a batch."""
        asked = asyncio.get_running_loop().create_future()
        self._asked.append((body, asked))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await asked

    async def score(self, body: dict[str, Any]) -> Reply:
        """As `generate`: the likeliest tokens are known here anyway."""
        return await self.generate(body)

    async def embed(self, body: dict[str, Any]) -> EmbeddingReply:
        """The last hidden layer, mean over the tokens, as wide as it is; a text is cut at the context."""
        if body.get("dimensions") is not None:
            raise ConfigurationError(
                "a model folder gives its hidden states as wide as they are",
                file=self._folder.path,
                field="dimensions",
                fix="set dimensions to null, or name a server whose model shortens its vectors",
            )
        async with self._embedding:  # one batch fills the machine
            return await asyncio.to_thread(self._vectors, list(body["input"]))

    def _vectors(self, texts: list[str]) -> EmbeddingReply:
        if self._embedder is None:
            longest = context_length(load_config(self._folder)) or _EMBEDDED_TOKENS
            self._embedder = Embedder(self._folder, "mean", min(longest, _EMBEDDED_TOKENS), -1, _BATCH_TOKENS)
        return EmbeddingReply(
            vectors=self._embedder(texts), prompt_tokens=0, completion_tokens=0, usage_reported=False
        )

    def authentication_error(self, status: int) -> Exception:
        """Never needed: a folder has no key."""
        return AuthenticationError(f"HTTP {status}", field="api_key_env", fix="set api_key_env to null")

    def unreachable_error(self, reason: str) -> Exception:
        """Never needed: a folder is there, or the run ends before."""
        return EndpointUnreachableError(reason, file=self._folder.path, fix="copy the model again")

    async def _work(self) -> None:
        await asyncio.sleep(0)  # all that is ready to ask asks first
        while self._asked:
            asked, self._asked = self._asked, []
            for group in _alike(asked):
                try:
                    replies = await asyncio.to_thread(self._reply, [body for body, _ in group])
                except Exception as error:
                    replies = [error] * len(group)
                for (_, future), reply in zip(group, replies, strict=True):
                    if future.cancelled():
                        continue
                    if isinstance(reply, Exception):
                        future.set_exception(reply)
                    else:
                        future.set_result(reply)

    def _reply(self, bodies: list[dict[str, Any]]) -> list[Reply | Exception]:
        if self._model is None:
            self._model = _LoadedModel(load_model(self._folder, "causal"), load_tokenizer(self._folder))
        return self._model.reply(bodies)


class _LoadedModel:
    def __init__(self, model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> None:
        from instruction_tuning.lm.local import end_tokens

        self._model, self._tokenizer = model, tokenizer
        self._ends = end_tokens(model, tokenizer)
        self._context = context_length(model.config)

    def reply(self, bodies: list[dict[str, Any]]) -> list[Reply | Exception]:
        """For bodies that agree in temperature and max_tokens, and in whether they ask for `logprobs`."""
        import torch

        from instruction_tuning.chat_format.loss_mask import prompt_ids
        from instruction_tuning.lm.local import generate_tokens, gumbel_noise, top_token_watcher

        temperature, max_tokens = bodies[0]["temperature"], bodies[0]["max_tokens"]
        prompts = [prompt_ids(self._tokenizer, body["messages"]) for body in bodies]
        fits = [self._context is None or len(ids) + max_tokens <= self._context for ids in prompts]
        rows = [(place, n) for place, body in enumerate(bodies) if fits[place] for n in range(body["n"])]
        written: dict[tuple[int, int], _Written] = {}
        lengths = [len(prompts[place]) + max_tokens for place, _ in rows]
        with torch.inference_mode():
            for batch in batches_by_length(lengths, batch_tokens=_BATCH_TOKENS):
                seeds = [_sample_seed(bodies[rows[row][0]], rows[row][1]) for row in batch]
                noise = gumbel_noise(seeds, temperature) if temperature > 0 else None
                ids = [prompts[rows[row][0]] for row in batch]
                watcher = top_token_watcher(bodies[0]["top_logprobs"]) if bodies[0].get("logprobs") else None
                tokens = generate_tokens(self._model, self._tokenizer, ids, noise, max_tokens, watcher)
                for place, row in enumerate(batch):
                    steps = None
                    if watcher is not None:
                        steps = [(likeliest[place], log_p[place]) for likeliest, log_p in watcher.steps]
                    written[rows[row]] = tokens[place], steps
        return [
            self._as_reply(len(prompts[place]), [written[place, n] for n in range(body["n"])])
            if fits[place]
            else AttemptError(
                f"a prompt of {len(prompts[place])} tokens and max_tokens {max_tokens} are more than the "
                f"model's context of {self._context}",
                retryable=False,
            )
            for place, body in enumerate(bodies)
        ]

    def _as_reply(self, prompt_tokens: int, samples: list[_Written]) -> Reply:
        choices, completion_tokens = [], 0
        for tokens, steps in samples:
            end = next((place for place, token in enumerate(tokens) if token in self._ends), None)
            completion_tokens += len(tokens) if end is None else end + 1
            text = str(self._tokenizer.decode(tokens[:end], skip_special_tokens=True))
            places = None if steps is None else self._places(tokens[:end], steps)
            finish_reason = "length" if end is None else "stop"
            choices.append(Choice(text if text.strip() else None, finish_reason, top_tokens=places))
        return Reply(
            choices=tuple(choices),
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            usage_reported=True,
        )

    def _places(self, tokens: list[int], steps: "_Steps") -> tuple[TokenPlace, ...]:
        """What stood beside each of `tokens`: the pieces that the text is put together from."""
        places, text = [], ""
        for number, (ids, log_p) in enumerate(steps[: len(tokens)]):
            longer = str(self._tokenizer.decode(tokens[: number + 1], skip_special_tokens=True))
            others = zip(self._tokenizer.batch_decode(ids.unsqueeze(-1)), log_p.tolist(), strict=True)
            places.append(TokenPlace(len(text), longer[len(text) :], tuple(others)))
            text = longer
        return number_places(places)


def _alike(asked: list[_Asked]) -> list[list[_Asked]]:
    """Requests that one batch can hold: of the same temperature and length, with scores or without."""
    groups: dict[tuple[float, int, bool], list[_Asked]] = {}
    for body, future in asked:
        key = (body["temperature"], body["max_tokens"], bool(body.get("logprobs")))
        groups.setdefault(key, []).append((body, future))
    return list(groups.values())


def _sample_seed(body: dict[str, Any], number: int) -> int:
    text = json.dumps(body["messages"], ensure_ascii=False).encode("utf-8", "surrogatepass")
    return substream_seed(body["seed"], "completion", hashlib.sha256(text).hexdigest(), number)
