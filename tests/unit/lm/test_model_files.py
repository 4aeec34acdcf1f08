"""A model folder that was copied halfway is named by its file, before anything is loaded."""

import json
import shutil
from pathlib import Path

import pytest

from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.model_folder import open_model_folder

INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(tiny_model_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model_path, tmp_path / "model"))


def cut(file: Path, kept: int) -> None:
    file.write_bytes(file.read_bytes()[:kept])


@pytest.mark.parametrize(
    ("file", "kept", "said"),
    [
        ("model.safetensors", 0, "the weights cannot be read"),
        ("model.safetensors", 40, "the weights cannot be read"),
        ("model.safetensors", -1, "the weights cannot be read"),
        ("config.json", 100, r"config\.json is no JSON"),
    ],
)
def test_a_file_that_is_cut_is_named(folder, file, kept, said):
    cut(folder / file, kept)
    with pytest.raises(ModelFolderError, match=said) as told:
        open_model_folder(folder)
    assert told.value.file == folder / file and "again" in told.value.fix


def test_a_shard_that_the_index_names_must_be_there(folder):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    (folder / INDEX).write_text(json.dumps({"weight_map": dict(zip("ab", names, strict=True))}))
    with pytest.raises(ModelFolderError, match="lacks model-00002-of-00002"):
        open_model_folder(folder)
    shutil.copy(folder / names[0], folder / names[1])
    assert open_model_folder(folder).path == folder


def test_an_index_of_an_earlier_save_in_shards_is_not_asked(folder):
    (folder / INDEX).write_text('{"weight_map": {"a": "model-00001-of-00009.safetensors"}}')
    assert open_model_folder(folder).path == folder


def test_a_link_to_weights_that_were_not_copied_is_named(folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("../blobs/gone")
    with pytest.raises(ModelFolderError, match="the weights cannot be read"):
        open_model_folder(folder)


@pytest.mark.parametrize("content", ["[1]", '"text"'])
def test_a_configuration_of_another_shape_is_named(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelFolderError, match="not an object"):
        open_model_folder(folder)
