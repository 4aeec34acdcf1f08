"""Reading the weights of a model folder: one place for device, number format and silence."""

from typing import TYPE_CHECKING, Any, Literal

from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Head = Literal["causal", "none", "reward"]


def load_model(
    folder: ModelFolder, head: Head, *, is_trained: bool = False, **config: Any
) -> "PreTrainedModel":
    """The model in eval mode on CUDA where there is one, else on the CPU.

    Weights are float32 on a CPU and where the model `is_trained` further, else bfloat16; attention is
    SDPA, which tells packed sequences apart.
    """
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()  # a bar a load would drown the run's own lines
    classes = {
        "causal": transformers.AutoModelForCausalLM,
        "none": transformers.AutoModel,
        "reward": transformers.AutoModelForSequenceClassification,
    }
    on_gpu = torch.cuda.is_available()
    model = classes[head].from_pretrained(
        folder.path,
        dtype=torch.bfloat16 if on_gpu and not is_trained else torch.float32,
        attn_implementation="sdpa",
        **config,
    )
    return model.to("cuda" if on_gpu else "cpu").eval()


def load_tokenizer(folder: ModelFolder) -> "PreTrainedTokenizerBase":
    """The folder's tokenizer as it is."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder.path)


def context_length(model: "PreTrainedModel") -> int | None:
    """The most tokens that the model can read at once; null where its configuration does not say."""
    length = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return None if length is None else int(length)
