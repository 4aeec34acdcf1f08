"""Random-weight folders of the open model families, some ten thousand parameters each.

The architectures are transformers' own, with what sets a family apart: positions (rotary, learned, ALiBi),
windows, soft-capped attention. Tokenizers differ as the families' do: with and without a beginning token,
a padding token, a chat template, and with an end of turn that is not the end of a text.
"""

import atexit
import tempfile
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

CONTEXT = 160
_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
_GROUPED = {"num_key_value_heads": 2, "intermediate_size": 48, "max_position_embeddings": CONTEXT}

# As Qwen's and as Gemma's own are written: no marks around the answer.
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>"
    "{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n{{ message['content'] }}"
    "<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """One architecture and the tokenizer that goes with it; `end_of_turn` as its chat template writes it."""

    architecture: str  # what transformers' classes begin with
    sizes: dict[str, Any]
    eos: str
    bos: str | None = None
    pad: str | None = None
    template: str | None = None
    end_of_turn: str | None = None
    extra_tokens: tuple[str, ...] = ()
    adds_bos: bool = False
    tells_packed_apart: bool = True
    config: dict[str, Any] = field(default_factory=dict)


FAMILIES = {
    "llama": Family("Llama", _SIZES | _GROUPED, eos="</s>", bos="<s>", adds_bos=True),
    "qwen2": Family(
        "Qwen2",
        _SIZES | _GROUPED,
        eos="<|endoftext|>",
        pad="<|endoftext|>",
        template=CHATML,
        end_of_turn="<|im_end|>",
        extra_tokens=("<|im_start|>", "<|im_end|>"),
    ),
    "qwen3": Family(
        "Qwen3",
        _SIZES | _GROUPED | {"head_dim": 8, "tie_word_embeddings": True},
        eos="<|endoftext|>",
        pad="<|endoftext|>",
        template=CHATML,
        end_of_turn="<|im_end|>",
        extra_tokens=("<|im_start|>", "<|im_end|>"),
    ),
    "mistral": Family(
        "Mistral", _SIZES | _GROUPED | {"sliding_window": 24}, eos="</s>", bos="<s>", adds_bos=True
    ),
    "gemma": Family(
        "Gemma", _SIZES | _GROUPED | {"head_dim": 8}, eos="<eos>", bos="<bos>", pad="<pad>", adds_bos=True
    ),
    "gemma2": Family(
        "Gemma2",
        _SIZES | _GROUPED | {"head_dim": 8, "sliding_window": 24},
        eos="<eos>",
        bos="<bos>",
        pad="<pad>",
        template=GEMMA,
        end_of_turn="<end_of_turn>",
        extra_tokens=("<start_of_turn>", "<end_of_turn>"),
        adds_bos=True,
    ),
    "gemma3_text": Family(
        "Gemma3",
        _SIZES | _GROUPED | {"head_dim": 8, "sliding_window": 24},
        eos="<eos>",
        bos="<bos>",
        pad="<pad>",
        template=GEMMA,
        end_of_turn="<end_of_turn>",
        extra_tokens=("<start_of_turn>", "<end_of_turn>"),
        adds_bos=True,
    ),
    "opt": Family(
        "OPT",
        _SIZES | {"ffn_dim": 48, "word_embed_proj_dim": 32, "max_position_embeddings": CONTEXT},
        eos="</s>",
        bos="</s>",
        pad="<pad>",
        adds_bos=True,
        tells_packed_apart=False,
        config={"dropout": 0.0},
    ),
    "bloom": Family(
        "Bloom",
        {"hidden_size": 32, "n_layer": 2, "n_head": 4},
        eos="</s>",
        bos="<s>",
        pad="<pad>",
        tells_packed_apart=False,
    ),
    "gpt_neox": Family(
        "GPTNeoX",
        _SIZES | {"intermediate_size": 48, "max_position_embeddings": CONTEXT},
        eos="<|endoftext|>",
        bos="<|endoftext|>",
    ),
    "phi": Family(
        "Phi",
        _SIZES | {"intermediate_size": 48, "max_position_embeddings": CONTEXT},
        eos="<|endoftext|>",
        bos="<|endoftext|>",
    ),
}


@cache
def family_folder(name: str) -> ModelFolder:
    """The model folder of a family, made once a session."""
    import transformers

    family = FAMILIES[name]
    holder = tempfile.TemporaryDirectory()
    atexit.register(holder.cleanup)
    tokenizer = _tokenizer(family)
    kind = "Gemma3Text" if family.architecture == "Gemma3" else family.architecture
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=len(tokenizer) + 5,  # rows that no token has, as hub models have
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.convert_tokens_to_ids(family.eos),
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.2,
        **family.sizes,
        **family.config,
    )
    transformers.set_seed(0)
    model = getattr(transformers, f"{family.architecture}ForCausalLM")(config)
    model.save_pretrained(holder.name)
    tokenizer.save_pretrained(holder.name)
    return open_model_folder(holder.name)


def _tokenizer(family: Family) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    special = list(
        dict.fromkeys(
            token for token in (family.pad, family.bos, family.eos, *family.extra_tokens) if token is not None
        )
    )
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = [f"what is {number} plus 1? the answer is {number + 1}. 红色的苹果" for number in range(50)]
    tokenizer.train_from_iterator(texts, trainer)
    if family.adds_bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.bos} $A", special_tokens=[(family.bos, tokenizer.token_to_id(family.bos))]
        )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=family.eos,
        model_max_length=CONTEXT,
        **({"bos_token": family.bos} if family.bos else {}),
        **({"pad_token": family.pad} if family.pad else {}),
        extra_special_tokens=list(family.extra_tokens),
    )
    fast.chat_template = family.template
    return fast
