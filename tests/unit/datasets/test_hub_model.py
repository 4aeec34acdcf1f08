"""Models from a hub (a real HTTP server on loopback), with the errors that a user meets there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import COMMIT, MODEL, HubServer
from kedro.io import DatasetError
from training_builders import tiny_base

from instruction_tuning.datasets.hub_model import HubModelDataset

# In a process of its own: huggingface_hub reads its address, its cache and its switches when it is imported.
LOAD = """
import json, sys
from instruction_tuning.datasets.hub_model import HubModelDataset
from kedro.io import DatasetError
from instruction_tuning.cli.plain_errors import explain
from instruction_tuning.training.provenance import base_facts
for model, revision in json.loads(sys.argv[1]):
    try:
        folder = HubModelDataset(model=model, revision=revision).load()
        print(json.dumps(base_facts(folder) | {"files": sorted(f.name for f in folder.path.iterdir())}))
    except DatasetError as error:
        print(json.dumps({"error": explain(error)}))
"""


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory):
    """A function from (model, revision) pairs to what loading them gives, and the files that were served."""
    folder = shutil.copytree(tiny_base().path, tmp_path_factory.mktemp("hub") / "model")
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    (folder / "modeling_own.py").write_text("raise SystemExit")
    cache = tmp_path_factory.mktemp("cache")
    with HubServer(folder) as server:

        def loaded(*models: tuple[str, str | None], **environment: str):
            settings = {
                "HF_ENDPOINT": server.address,
                "HF_HUB_CACHE": str(cache),
                "HF_HUB_OFFLINE": "0",
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "127.0.0.1",
            }
            done = subprocess.run(
                [sys.executable, "-c", LOAD, json.dumps(models)],
                env=os.environ | settings | environment,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            return [json.loads(line) for line in done.stdout.splitlines()]

        loaded.server = server
        yield loaded


def test_a_model_is_fetched_once_without_its_pickles_and_code(load):
    first, again = load((MODEL, None), (MODEL, COMMIT))
    assert (first["model"], first["revision"], first["licence"]) == (MODEL, COMMIT, "mit")
    assert "model.safetensors" in first["files"] and "tokenizer.json" in first["files"]
    assert not {"pytorch_model.bin", "modeling_own.py"} & set(first["files"])
    assert first["digest"] == again["digest"] == tiny_base().digest
    assert load.server.served.count("model.safetensors") == 1
    (offline,) = load((MODEL, COMMIT), HF_HUB_OFFLINE="1")
    assert offline["digest"] == first["digest"]


def test_each_refusal_says_what_to_do(load):
    answers = load(
        ("maker/gated", None),
        ("maker/nothing", None),
        (MODEL, "no-such-tag"),
        ("maker/broken", None),
        ("not an id", None),
    )
    gated, missing, revision, broken, no_id = (answer["error"] for answer in answers)
    assert "accept them at https://huggingface.co/maker/gated" in gated and "HF_TOKEN" in gated
    assert "no model `maker/nothing`" in missing
    assert "no revision `no-such-tag`" in revision and "base_model_revision" in revision
    assert "cannot be reached" in broken
    assert "neither a folder here nor the id" in no_id
    (offline,) = load(("maker/other", None), HF_HUB_OFFLINE="1")
    assert "not in the cache" in offline["error"] and "HF_HUB_OFFLINE" in offline["error"]


def test_a_folder_is_read_where_it_lies():
    assert HubModelDataset(model=str(tiny_base().path)).load() == tiny_base()


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path: Path):
    with pytest.raises(DatasetError, match="no model folder here"):
        HubModelDataset(model=str(tmp_path / "none")).load()
