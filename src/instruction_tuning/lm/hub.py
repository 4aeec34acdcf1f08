"""Models and data sets from the Hugging Face hub: the files that are read, at one commit, with errors in
words."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

    with _errors_in_words(
        model,
        revision,
        kind="model",
        field=field,
        fix_for_id="write owner/name, or the path of a folder made by save_pretrained",
        page=f"https://huggingface.co/{model}",
    ):
        folder = huggingface_hub.snapshot_download(
            model, revision=revision, allow_patterns=list(PATTERNS), ignore_patterns=list(IGNORED)
        )
    if revision is None:
        logger.warning(
            "%s is taken at its newest commit, %s; pin it as base_model_revision", model, Path(folder).name
        )
    return open_model_folder(folder)


def download_data_set(name: str, revision: str | None, patterns: Sequence[str], *, field: str) -> Path:
    """The folder of the data set `name` at `revision` in Hugging Face's cache, with the files of `patterns`.

    No code that a data set brings is fetched. Raises `ConfigurationError` as `download_model` does.
    """
    import huggingface_hub

    with _errors_in_words(
        name,
        revision,
        kind="data set",
        field=field,
        fix_for_id="write hub:owner/name, hub:owner/name/split or hub:owner/name@revision/split",
        page=f"https://huggingface.co/datasets/{name}",
    ):
        folder = Path(
            huggingface_hub.snapshot_download(
                name, repo_type="dataset", revision=revision, allow_patterns=list(patterns)
            )
        )
    if revision is None:
        logger.warning(
            "%s is taken at its newest commit, %s; pin it: hub:%s@%s", name, folder.name, name, folder.name
        )
    return folder


@contextmanager
def _errors_in_words(
    name: str, revision: str | None, *, kind: str, field: str, fix_for_id: str, page: str
) -> Iterator[None]:
    from huggingface_hub import constants, errors

    try:
        yield
    except errors.HFValidationError:
        raise ConfigurationError(
            f"`{name}` is neither a folder here nor the id of a {kind} on the hub",
            field=field,
            fix=fix_for_id,
        ) from None
    except errors.GatedRepoError:
        raise ConfigurationError(
            f"the hub gives `{name}` only to those who accepted its terms",
            field=field,
            fix=f"accept them at {page} and put a read token into HF_TOKEN",
        ) from None
    except errors.RevisionNotFoundError:
        raise ConfigurationError(
            f"`{name}` has no revision `{revision}`",
            field=f"{field}_revision" if kind == "model" else field,
            fix=f"take a commit from {page}/commits/main, or "
            f"{'null' if kind == 'model' else 'none'} for the newest",
        ) from None
    except errors.RepositoryNotFoundError:
        raise ConfigurationError(
            f"the hub has no {kind} `{name}`, or does not show it to you",
            field=field,
            fix=f"correct the id; for a private {kind} put a read token into HF_TOKEN",
        ) from None
    except (
        errors.HfHubHTTPError,
        errors.LocalEntryNotFoundError,
        errors.OfflineModeIsEnabled,
        OSError,
    ) as error:
        raise ConfigurationError(
            f"the hub cannot be reached for `{name}`, and it is not in the cache ({_first_line(error)})",
            file=constants.HF_HUB_CACHE,
            field=field,
            fix="go online once (unset HF_HUB_OFFLINE), or name the folder of a copy",
        ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
