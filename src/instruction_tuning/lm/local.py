"""Sampling from a model folder in this process.

Sampling is argmax(logits / T + Gumbel noise) (Gumbel 1954), which is distributed as softmax(logits / T);
the noise of a completion comes from (seed, its key, its number), so the text does not depend on which
others share its batch, but for rounding. Prompts of like length are batched, left-padded, with a cache.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from instruction_tuning.chat_format.loss_mask import prompt_ids
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.loading import context_length, load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.seeds import substream_seed

if TYPE_CHECKING:
    from transformers import LogitsProcessor, PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


def sample_completions(
    folder: ModelFolder,
    prompts: Mapping[str, Sequence[Mapping[str, str]]],
    *,
    samples: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    top_p: float = 1.0,
    batch_tokens: int = 16_384,
) -> dict[str, list[str]]:
    """`samples` completions of each prompt's messages, by key. Temperature 0 is greedy: all samples alike.

    Below 1, `top_p` leaves only the likeliest tokens that together have that probability (Holtzman et al.
    2019, arXiv 1904.09751). A prompt longer than the context less `max_new_tokens` loses its beginning. The
    end-of-turn token is not part of the text.
    """
    tokenizer = load_tokenizer(folder)
    return sample_continuations(
        folder,
        {key: prompt_ids(tokenizer, messages) for key, messages in prompts.items()},
        samples=samples,
        temperature=temperature,
        max_new_tokens=max_new_tokens,
        seed=seed,
        top_p=top_p,
        batch_tokens=batch_tokens,
    )


def sample_continuations(
    folder: ModelFolder,
    prompts: Mapping[str, list[int]],
    *,
    samples: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    top_p: float = 1.0,
    batch_tokens: int = 16_384,
) -> dict[str, list[str]]:
    """As `sample_completions`, of token ids: of documents as well as of conversations."""
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, "causal")
    room = _room(folder, model, max_new_tokens)
    ids = {key: prompt[-room:] for key, prompt in prompts.items()}
    return _sampled(model, tokenizer, ids, samples, temperature, top_p, max_new_tokens, seed, batch_tokens)


def continue_texts(
    folder: ModelFolder,
    prompts: Mapping[str, str],
    *,
    samples: int,
    temperature: float,
    max_new_tokens: int,
    seed: int,
    batch_tokens: int = 16_384,
) -> dict[str, list[str]]:
    """As `sample_completions` for plain texts, which a base model goes on with; no chat template is used.

    Raises `ConfigurationError` for a text that does not fit the context: cut, it would ask something else.
    """
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, "causal")
    room = _room(folder, model, max_new_tokens)
    ids = {key: list(tokenizer(text, add_special_tokens=False)["input_ids"]) for key, text in prompts.items()}
    longest = max(ids, key=lambda key: len(ids[key]), default=None)
    if longest is not None and len(ids[longest]) > room:
        raise ConfigurationError(
            f"a prompt of {len(ids[longest])} tokens and {max_new_tokens} new ones do not fit a context of "
            f"{room + max_new_tokens}",
            file=folder.path,
            record=longest,
            fix="take a model with a longer context, a shorter prompt, or fewer new tokens",
        )
    return _sampled(model, tokenizer, ids, samples, temperature, 1.0, max_new_tokens, seed, batch_tokens)


def _room(folder: ModelFolder, model: "PreTrainedModel", max_new_tokens: int) -> int:
    """Tokens that a prompt may have."""
    context = context_length(model.config)
    room = (context or 1 << 30) - max_new_tokens
    if room < 1:
        raise ConfigurationError(
            f"{max_new_tokens} new tokens leave no room for a prompt in a context of {context}",
            file=folder.path,
            field="max_new_tokens",
            fix="ask for fewer new tokens",
        )
    return room


def _sampled(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    ids: Mapping[str, list[int]],
    samples: int,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    seed: int,
    batch_tokens: int,
) -> dict[str, list[str]]:
    import torch

    requests = [(key, number) for key in ids for number in range(samples)]
    texts: dict[str, list[str]] = {key: [""] * samples for key in ids}
    lengths = [len(ids[key]) + max_new_tokens for key, _ in requests]
    with torch.inference_mode():
        for rows in batches_by_length(lengths, batch_tokens=batch_tokens):
            batch = [requests[row] for row in rows]
            seeds = [substream_seed(seed, "completion", key, number) for key, number in batch]
            noise = gumbel_noise(seeds, temperature, top_p) if temperature > 0 else None
            answers = generate(model, tokenizer, [ids[key] for key, _ in batch], noise, max_new_tokens)
            for (key, number), answer in zip(batch, answers, strict=True):
                texts[key][number] = answer
    logger.info("sampled %d completions of %d prompts on %s", len(requests), len(ids), model.device)
    return texts


def generate(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompts: list[list[int]],
    noise: "LogitsProcessor | None",
    max_new_tokens: int,
) -> list[str]:
    """What `model` writes after each of the tokenised `prompts`; without noise greedily."""
    written = generate_tokens(model, tokenizer, prompts, noise, max_new_tokens)
    return [str(text) for text in tokenizer.batch_decode(written, skip_special_tokens=True)]


def generate_tokens(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    prompts: list[list[int]],
    noise: "LogitsProcessor | None",
    max_new_tokens: int,
    watcher: "LogitsProcessor | None" = None,
) -> list[list[int]]:
    """As `generate`, the token ids (B, up to `max_new_tokens`), padded behind the end of a turn.

    `watcher` sees the logits of each step as the model gave them.
    """
    import torch
    from transformers import GenerationConfig

    longest = max(len(prompt) for prompt in prompts)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    input_ids = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])  # (B, T)
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    ends = model.generation_config.eos_token_id
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        eos_token_id=tokenizer.eos_token_id if ends is None else ends,
        pad_token_id=pad,
    )
    output = model.generate(
        input_ids=input_ids.to(model.device),
        attention_mask=mask.to(model.device),
        generation_config=settings,
        logits_processor=[one for one in (watcher, noise) if one is not None],
    )
    written: list[list[int]] = output[:, longest:].tolist()
    return written


def top_token_watcher(count: int) -> Any:
    """A processor that changes nothing, and whose `steps` are the `count` likeliest of each step: ids (B, K)
    and their log-probabilities (B, K), as float64 on the CPU."""
    import torch
    from transformers import LogitsProcessor

    class TopTokenWatcher(LogitsProcessor):
        def __init__(self) -> None:
            self.steps: list[tuple[torch.Tensor, torch.Tensor]] = []

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            log_p = torch.log_softmax(scores.float(), dim=-1)  # (B, V)
            found = log_p.topk(min(count, log_p.shape[-1]), dim=-1)
            self.steps.append((found.indices.cpu(), found.values.cpu().double()))
            return scores

    return TopTokenWatcher()


def end_tokens(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> set[int]:
    """The tokens that end a turn."""
    ends = model.generation_config.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    return set(ends) if isinstance(ends, list) else {ends}


def gumbel_noise(seeds: list[int], temperature: float, top_p: float = 1.0) -> "LogitsProcessor":
    """A processor that divides by the temperature, cuts to the nucleus and adds each row's own noise."""
    import torch
    from transformers import LogitsProcessor, TopPLogitsWarper

    nucleus = TopPLogitsWarper(top_p) if top_p < 1 else None

    class GumbelNoise(LogitsProcessor):
        def __init__(self) -> None:
            self.streams = [np.random.default_rng(seed) for seed in seeds]

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            drawn = np.stack([stream.gumbel(size=scores.shape[-1]) for stream in self.streams])  # (B, V)
            noise = torch.from_numpy(drawn).to(scores.device, torch.float32)
            scaled = scores.float() / temperature
            if nucleus is not None:
                scaled = nucleus(input_ids, scaled)
            return scaled + noise

    return GumbelNoise()
