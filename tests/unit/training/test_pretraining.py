"""Pre-training learns, and a killed run ends with the same weights as an undisturbed one."""

import hashlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from warm_processes import start_python

from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.world import build_world
from instruction_tuning.training.tokenizer import train_tokenizer

TEXTS = [document["text"] for document in documents(build_world(), 1, 120)]

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.world import build_world
from instruction_tuning.training.pretraining import PretrainingRecipe, pretrain
from instruction_tuning.training.tokenizer import train_tokenizer
texts = [document["text"] for document in documents(build_world(), 1, 120)]
tokenizer = train_tokenizer(texts, vocab_size=400, model_max_length=64)
tokens = np.concatenate([np.asarray(tokenizer(text)["input_ids"], dtype=np.uint16) for text in texts])
recipe = PretrainingRecipe(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    max_length=64, short_length=32, long_share=0.25, batch_tokens=256,
    train_tokens=256 * 45, late_tokens=256 * 15, late_rate=0.5,
    learning_rate=3e-3, muon_learning_rate=6e-3, warmup_steps=3, weight_decay=0.01,
    compile=False, seed=5)
log = pretrain(tokens, tokens, tokenizer, recipe, Path(sys.argv[1]), checkpoint_every_steps=10)
assert log["loss"].iloc[-10:].mean() < log["loss"].iloc[:10].mean() - 1
"""


def _start(folder: Path) -> Any:
    log = folder.with_suffix(".log")
    return start_python("-c", SCRIPT, str(folder), cwd=folder.parent, output=log, errors=log)


@pytest.mark.slow
def test_killed_run_goes_on_and_ends_with_the_same_weights(tmp_path: Path) -> None:
    killed = _start(tmp_path / "killed")
    checkpoint = tmp_path / "killed" / "checkpoint.pt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    killed.kill()
    assert checkpoint.exists()
    assert not (tmp_path / "killed" / "model").exists()
    assert _start(tmp_path / "killed").wait(120) == 0
    # A fresh interpreter, which hashes in another order.
    fresh = [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path / "whole")]
    subprocess.run(fresh, check=True, timeout=120)
    digests = {
        hashlib.sha256((tmp_path / name / "model" / "model.safetensors").read_bytes()).hexdigest()
        for name in ("killed", "whole")
    }
    assert len(digests) == 1


def test_digits_capitals_and_chinese_characters_stand_alone() -> None:
    tokenizer = train_tokenizer(TEXTS, vocab_size=900, model_max_length=64)
    for text in ("47", "RKTO", "首都是"):
        ids = tokenizer(text)["input_ids"]
        assert len(ids) >= len(text)
        assert tokenizer.decode(ids) == text


def test_any_text_survives_the_tokenizer() -> None:
    tokenizer = train_tokenizer(TEXTS, vocab_size=400, model_max_length=64)
    text = "Grüße, 世界! 🦙 tab\tand\nline  spaces"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_only_the_assistants_words_and_its_end_are_marked_for_the_loss() -> None:
    tokenizer = train_tokenizer(TEXTS, vocab_size=400, model_max_length=64)
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Sort 3 1 2."},
        {"role": "assistant", "content": "1 2 3"},
    ]
    encoded = tokenizer.apply_chat_template(
        messages, return_dict=True, return_assistant_tokens_mask=True, tokenize=True
    )
    trained = [
        token for token, mask in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if mask
    ]
    assert tokenizer.decode(trained) == "1 2 3<|end|>"
