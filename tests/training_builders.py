"""A base model of some ten thousand parameters, and records to train it on, for tests of training."""

import atexit
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

CONTEXT = 96


def model_without_weights(folder: Path) -> ModelFolder:
    """A whole folder that says nothing: an empty configuration, no tensor."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    return open_model_folder(folder)


@cache
def tiny_base() -> ModelFolder:
    """A random two-layer Llama with the project's own tokenizer and chat template; made once a session."""
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    from instruction_tuning.training.tokenizer import train_tokenizer

    holder = tempfile.TemporaryDirectory()
    atexit.register(holder.cleanup)
    folder = Path(holder.name)
    texts = [f"what is {number} plus 1? the answer is {number + 1}. 红色的苹果" for number in range(50)]
    tokenizer = train_tokenizer(texts, vocab_size=330, model_max_length=CONTEXT)
    set_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return open_model_folder(folder)


def turns(prompt: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]


def verified_examples(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{number:016x}" for number in range(count)],
            "source": "alpaca",
            "response_id": None,
            "messages": [turns(f"what is {n} plus 1?", f"the answer is {n + 1}.") for n in range(count)],
        }
    )


def replay_documents(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "document_id": [f"document-{number}" for number in range(count)],
            "text": [f"{number} plus 1 is {number + 1}.\n" for number in range(count)],
            "language": "en",
        }
    )


def rated_response(record_id: str, response_id: str, rating: float | None, **fields: Any) -> dict[str, Any]:
    prompt = fields.pop("prompt", f"what is {record_id}?")
    return {
        "response_id": response_id,
        "record_id": record_id,
        "prompt": prompt,
        "messages": [{"role": "user", "content": prompt}],
        "response": f"answer {response_id}",
        "model": "teacher",
        "rating": rating,
        "rating_status": "failed" if rating is None else "ok",
        "check": "none",
        "check_detail": None,
        **fields,
    }
