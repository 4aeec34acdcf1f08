"""Model folders from the Hugging Face hub: the files that are read, at one commit, with errors in words."""

import logging
from pathlib import Path

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

logger = logging.getLogger(__name__)

# No pickles and no code: neither is ever read.
PATTERNS = (
    "*.safetensors",
    "*.json",
    "*.jinja",
    "*.txt",
    "*.model",
    "LICENSE*",
    "LICENCE*",
    "NOTICE*",
    "README.md",
)
# Second copies of the weights in other tools' layouts (Llama, Mistral).
IGNORED = ("original/*", "consolidated*", "*.gguf", "onnx/*")


def download_model(model: str, revision: str | None, *, field: str = "base_model") -> ModelFolder:
    """The folder of hub id `model` at `revision` (a commit, tag or branch) in Hugging Face's cache.

    Raises `ConfigurationError` for an id that is none or is not there, a gated model, no network.
    """
    import huggingface_hub
    from huggingface_hub import constants, errors

    try:
        folder = huggingface_hub.snapshot_download(
            model, revision=revision, allow_patterns=list(PATTERNS), ignore_patterns=list(IGNORED)
        )
    except errors.HFValidationError:
        raise ConfigurationError(
            f"`{model}` is neither a folder here nor the id of a model on the hub",
            field=field,
            fix="write owner/name, or the path of a folder made by save_pretrained",
        ) from None
    except errors.GatedRepoError:
        raise ConfigurationError(
            f"the hub gives `{model}` only to those who accepted its terms",
            field=field,
            fix=f"accept them at https://huggingface.co/{model} and put a read token into HF_TOKEN",
        ) from None
    except errors.RevisionNotFoundError:
        raise ConfigurationError(
            f"`{model}` has no revision `{revision}`",
            field=f"{field}_revision",
            fix=f"take a commit from https://huggingface.co/{model}/commits/main, or null for the newest",
        ) from None
    except errors.RepositoryNotFoundError:
        raise ConfigurationError(
            f"the hub has no model `{model}`, or does not show it to you",
            field=field,
            fix="correct the id; for a private model put a read token into HF_TOKEN",
        ) from None
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.OfflineModeIsEnabled,
        OSError,
    ) as error:
        raise ConfigurationError(
            f"the hub cannot be reached for `{model}`, and it is not in the cache ({_first_line(error)})",
            file=constants.HF_HUB_CACHE,
            field=field,
            fix="go online once (unset HF_HUB_OFFLINE), or name the folder of a copy",
        ) from error
    if revision is None:
        logger.warning(
            "%s is taken at its newest commit, %s; pin it as base_model_revision", model, Path(folder).name
        )
    return open_model_folder(folder)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
