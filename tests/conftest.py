"""What every test may ask for: where the project is, a tiny model, an MLflow store of its own."""

import gc
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings
from small_run import run_small_chain, small_chain_environment

# A shell that starts a job in the background lets it ignore ctrl-C, and its children after it: tests that
# interrupt a process would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run: a commit passes or fails, whoever tests it.
# HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# Before any test imports a library that reads them.
os.environ["DO_NOT_TRACK"] = "1"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

PROJECT = Path(__file__).parents[1]
REAL_DATA_DEFAULT = PROJECT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first: what is left to the last of several workers is short."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """What thousands of tests and the libraries consist of stays: collecting garbage need not look at it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def project_path() -> Path:
    """The repository's root."""
    return PROJECT


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """The folder of real data sets; skips with the reason where there is none."""
    folder = Path(os.environ.get("REAL_DATA_DIR", REAL_DATA_DEFAULT))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set REAL_DATA_DIR to a folder that holds it")
    return folder


@pytest.fixture(scope="session")
def tiny_model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of some thousand parameters with a byte-level tokenizer, from `save_pretrained`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

    folder = tmp_path_factory.mktemp("tiny_model")
    set_seed(0)
    alphabet = ["<|pad|>", "<|endoftext|>", "<|end|>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<|pad|>", bos_token="<|endoftext|>", eos_token="<|end|>"
    ).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(alphabet),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may not write to, even when root runs the tests."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)


@pytest.fixture(scope="session")
def empty_mlflow_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sqlite file with MLflow's tables: its migrations take seconds, so they run once."""
    from mlflow import MlflowClient

    file = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def mlflow_store(tmp_path: Path, empty_mlflow_store: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty sqlite store that only this test sees."""
    shutil.copy(empty_mlflow_store, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


@dataclass(frozen=True)
class FinishedRun:
    """A copy of the project in which the chain has run once, and the environment of its processes."""

    project: Path
    environment: dict[str, str]


@pytest.fixture(scope="session")
def finished_run(
    project_path: Path, empty_mlflow_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> FinishedRun:
    """A run to look at, made once with `--env=test` for all workers; tests that read it leave it as it is."""
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    common = tmp_path_factory.getbasetemp()
    common = common.parent if parallel else common
    target, finished = common / "finished_run", common / "finished_run.done"
    with FileLock(common / "finished_run.lock"):
        if not finished.exists():
            shutil.rmtree(target, ignore_errors=True)
            run_small_chain(project_path, target, empty_mlflow_store)
            finished.touch()
    return FinishedRun(target, small_chain_environment(target))
