import hashlib

import pytest

from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.errors import InputError


def test_a_file_is_listed_with_its_digest_and_its_stem_as_source(tmp_path):
    path = tmp_path / "alpaca.json"
    path.write_bytes(b"[]")
    (file,) = list_raw_files(path)
    assert (file.path, file.source) == (path, "alpaca")
    assert file.sha256 == hashlib.sha256(b"[]").hexdigest()


def test_a_folder_is_listed_by_name_without_hidden_files_and_documentation(tmp_path):
    for number, name in enumerate(
        ["b.jsonl", "a.csv", ".hidden.json", "README.md", "LICENSE", "deep/c.parquet"]
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(number))
    listed = [str(file.path.relative_to(tmp_path)) for file in list_raw_files(tmp_path)]
    assert listed == ["a.csv", "b.jsonl", "deep/c.parquet"]


def test_a_missing_path_an_empty_folder_and_an_unknown_suffix_name_the_file_and_the_fix(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    packed = tmp_path / "data.rar"
    packed.write_bytes(b"x")
    for path, problem in [
        (tmp_path / "nowhere.json", "no such file"),
        (empty, "no raw files"),
        (packed, "end in .rar"),
    ]:
        with pytest.raises(InputError, match=problem) as caught:
            list_raw_files(path)
        assert str(path) in str(caught.value) and caught.value.fix


def test_two_copies_of_a_file_are_refused_as_their_rows_would_share_ids(tmp_path):
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text("[]")
    with pytest.raises(InputError, match="copy of"):
        list_raw_files(tmp_path)
