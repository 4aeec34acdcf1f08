import json
from pathlib import Path

from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.datasets.raw_files import RawFilesDataset
from instruction_tuning.hooks.data_versions import as_mlflow_input, data_version
from instruction_tuning.hooks.model_registry import provenance


def test_the_raw_data_of_a_run_carry_name_and_digest_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    files = list_raw_files(tmp_path)
    version = data_version("raw_instructions", RawFilesDataset(filepath=str(tmp_path)), files)
    assert version is not None and version.files == (("a.json", files[0].sha256),)
    logged = as_mlflow_input(version, context="input").dataset
    assert json.loads(logged.profile)["sha256"] == {"a.json": files[0].sha256}


def test_a_version_is_described_with_its_raw_files() -> None:
    tags = {"raw_file.a.json": "f" * 64, "data.instruction_pool": "v1 0123456789abcdef"}
    text = provenance(tags)
    assert f"| a.json | `{'f' * 64}` |" in text
    assert "| instruction_pool | v1 | `0123456789abcdef` |" in text
