"""A data set from a hub (a real HTTP server on loopback): its files, its licence, its refusals."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import COMMIT, MODEL, HubServer
from raw_file_builders import write

from instruction_tuning.datasets.hub_model import HubModelDataset
from instruction_tuning.datasets.raw_files import RawFilesDataset

# In a process of its own: huggingface_hub reads its address, its cache and its switches when it is imported.
LOAD = """
import json, sys
from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.datasets.hub_model import HubModelDataset
from instruction_tuning.datasets.raw_files import RawFilesDataset
from instruction_tuning.cli.plain_errors import explain
from kedro.io import DatasetError
for name in json.loads(sys.argv[1]):
    try:
        records, _ = read_files(RawFilesDataset(filepath=name).load(), ReadingRules())
        print(json.dumps([[one.source, one.licence, one.answer] for one in records]))
    except DatasetError as error:
        print(json.dumps(explain(error)))
"""


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory):
    """A function from names to what reading them gives, and the files that were served."""
    folder = tmp_path_factory.mktemp("hub")
    (folder / "data").mkdir()
    row = {"instruction": "Say a.", "output": "a"}
    write(folder / "data" / "train-00000-of-00001.parquet", [row])
    write(folder / "data" / "test-00000-of-00001.parquet", [{**row, "output": "b", "license": "CC0"}])
    (folder / "README.md").write_text("---\nlicense: mit\n---\n")
    (folder / "loader.py").write_text("raise SystemExit")
    with HubServer(folder) as server:

        def loaded(*names: str):
            settings = {
                "HF_ENDPOINT": server.address,
                "HF_HUB_CACHE": str(tmp_path_factory.mktemp("cache")),
                "HF_HUB_OFFLINE": "0",
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "127.0.0.1",
            }
            done = subprocess.run(
                [sys.executable, "-c", LOAD, json.dumps(names)],
                env=os.environ | settings,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert done.returncode == 0, done.stderr
            return [json.loads(line) for line in done.stdout.splitlines()], set(server.served)

        yield loaded


def test_a_split_of_a_hub_data_set_is_read_under_its_name_and_licence_and_no_code_is_fetched(load):
    names = (f"hub:{MODEL}/train", f"hub:{MODEL}@{COMMIT}/test", f"hub:{MODEL}", "hub:maker/nothing")
    (train, test, unnamed, missing), served = load(*names)
    assert train == [[MODEL, "mit", "a"]] and test == [[MODEL, "cc0-1.0", "b"]]
    assert "several splits: train, test" in unnamed and "no data set `maker/nothing`" in missing
    assert "loader.py" not in served and "data/train-00000-of-00001.parquet" in served


def test_only_a_commit_is_an_identity_for_a_branch_moves(tmp_path: Path):
    newest, branch, pinned = (f"hub:a/b{revision}/train" for revision in ("", "@main", f"@{COMMIT}"))
    identities = [RawFilesDataset(filepath=name).content_identity(str) for name in (newest, branch, pinned)]
    assert identities == [None, None, {"hub": pinned}]
    models = [HubModelDataset(model="a/b", revision=revision) for revision in (None, "main", "v1.0", COMMIT)]
    assert [model.content_identity(str) for model in models[:3]] == [None] * 3
    assert models[3].content_identity(str) == {"model": "a/b", "revision": COMMIT}
    assert (
        RawFilesDataset(filepath=newest).exists() and RawFilesDataset(filepath=newest).preview() is not None
    )
