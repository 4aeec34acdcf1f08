"""Small benchmark items, measured answers, and a random model that can be asked."""

from pathlib import Path

import pandas as pd

from instruction_tuning.chat_format.template import (
    CHAT_TEMPLATE,
    DOCUMENT_SEPARATOR,
    END,
    PADDING,
    SPECIAL_TOKENS,
)
from instruction_tuning.evaluation.task_files import BenchmarkSettings
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

FORMS = ("document_few_shot", "chat_zero_shot", "chat_few_shot")


def item(item_id, *, split="test", ability="open_qa", **fields):
    """One benchmark item; what is not given is filled in."""
    return {
        "item_id": item_id,
        "ability": ability,
        "skill": f"{ability}_skill",
        "language": "en",
        "split": split,
        "phrasing_id": f"{ability}/{split}/0",
        "question": f"What is {item_id}?",
        "document_prompt": f"The answer of {item_id} is",
        "document_target": "Miran.",
        "target": "Miran",
        "example_answer": "Miran.",
        "answer_kind": "span",
    } | fields


def number_item(item_id, *, split="test", target="12", **fields):
    """One item whose answer is a number."""
    number = {
        "ability": "math",
        "document_prompt": f"{item_id} makes:",
        "document_target": f"1+1=2, {target}.",
        "target": target,
        "example_answer": f"1+1=2, {target}.",
        "answer_kind": "number",
    }
    return item(item_id, split=split, **number | fields)


def benchmark_settings(**changes):
    """Settings that measure every item of the small benchmark; what is not given is filled in."""
    return BenchmarkSettings(
        **{
            "items_per_ability": 10,
            "items_per_reported_ability": 10,
            "few_shot": 2,
            "batch_size": 16,
            "max_new_tokens_chat": 6,
            "max_new_tokens_document": 6,
            "seed": 0,
        }
        | changes
    )


def small_benchmark():
    """Two abilities with three test items and four train items each."""
    rows = [item(f"q{n}") for n in range(3)] + [number_item(f"m{n}") for n in range(3)]
    rows += [item(f"train-q{n}", split="train") for n in range(4)]
    rows += [number_item(f"train-m{n}", split="train") for n in range(4)]
    return pd.DataFrame(rows)


def answers(role, right, *, form="chat_zero_shot", ability="open_qa", items=None, readable=True):
    """`items` answers of a role in a form, the first `right` of them right (or a list of truths)."""
    truths = [n < right for n in range(items)] if isinstance(right, int) else list(right)
    extracted = pd.Series(["x" if readable else None] * len(truths), dtype="str")
    return pd.DataFrame(
        {
            "model_role": role,
            "model_digest": f"digest-of-{role}",
            "ability": ability,
            "language": "en",
            "form": form,
            "item_id": [f"{ability}-{n}" for n in range(len(truths))],
            "prompt": "",
            "response": "",
            "extracted": extracted,
            "target": "x",
            "score": [float(truth) for truth in truths],
            "skill": f"{ability}_skill",
            "difficulty": 1,
            "counted": True,
        }
    )


def random_model(folder: Path, *, seed: int = 0) -> ModelFolder:
    """A Llama of some thousand random parameters, its byte-level tokenizer and the chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

    alphabet = [*SPECIAL_TOKENS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL_TOKENS))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PADDING, bos_token=DOCUMENT_SEPARATOR, eos_token=END
    )
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    set_seed(seed)
    config = LlamaConfig(
        vocab_size=len(alphabet),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=512,
        initializer_range=1.0,
        pad_token_id=fast.pad_token_id,
        bos_token_id=fast.bos_token_id,
        eos_token_id=fast.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return open_model_folder(folder)
