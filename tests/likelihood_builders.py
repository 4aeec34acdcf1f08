"""Model folders of other architectures and tokenizers than the tiny base, and pools to measure on them."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from training_builders import CONTEXT, tiny_base

from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder


def answered_pool(rows: dict[str, tuple[str, str | None]]) -> pd.DataFrame:
    """Records of a prompt and an answer each, by record id; the answer is a turn of the conversation too."""
    return pd.DataFrame(
        {
            "record_id": list(rows),
            "messages": [conversation(prompt, answer) for prompt, answer in rows.values()],
            "answer": [answer for _, answer in rows.values()],
        }
    )


def conversation(prompt: str, answer: str | None) -> list[dict[str, str]]:
    asked = [{"role": "user", "content": prompt}]
    return asked if answer is None else [*asked, {"role": "assistant", "content": answer}]


def other_architecture(folder: Path, name: str, **config: Any) -> ModelFolder:
    """A random model of the architecture with the tiny base's tokenizer; `name` as in `GraniteConfig`."""
    import transformers

    tokenizer = load_tokenizer(tiny_base())
    transformers.set_seed(0)
    sizes = {"vocab_size": len(tokenizer), "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 5}
    model = transformers.AutoModelForCausalLM.from_config(
        getattr(transformers, name)(**sizes, max_position_embeddings=CONTEXT, **config)
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return open_model_folder(folder)


def without_separator(folder: Path, *, bos_token_id: int | None) -> ModelFolder:
    """The tiny base, its tokenizer without a beginning of text; the configuration names `bos_token_id`."""
    from transformers import AutoConfig

    shutil.copytree(tiny_base().path, folder)
    tokenizer = load_tokenizer(tiny_base())
    tokenizer.bos_token = None
    tokenizer.save_pretrained(folder)
    config = AutoConfig.from_pretrained(folder)
    config.bos_token_id = bos_token_id
    config.save_pretrained(folder)
    return open_model_folder(folder)


def naive_loss(folder: ModelFolder, context: Sequence[int], answer: Sequence[int]) -> float:
    """-mean log p of `answer` behind `context`, in one forward pass of one row."""
    import torch

    from instruction_tuning.lm.loading import load_model

    ids = torch.tensor([[*context, *answer]])
    with torch.inference_mode():
        log_p = load_model(folder, "causal")(input_ids=ids).logits[0].log_softmax(dim=-1)
    places = range(len(context), ids.shape[1])
    return -sum(float(log_p[place - 1, ids[0, place]]) for place in places) / len(places)
