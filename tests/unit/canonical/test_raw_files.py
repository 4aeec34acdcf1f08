import gzip
import hashlib

import pyarrow as pa
import pytest
from raw_file_builders import as_text, read

from instruction_tuning.canonical.hub_files import files_of_split, hub_name, licence_of_card
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.datasets.raw_files import RawFilesDataset
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


def test_of_a_data_set_that_a_pipeline_wrote_the_newest_version_is_read(tmp_path):
    place = tmp_path / "new_instructions.jsonl"
    for version in ("2026-01-01T00.00.00.000Z", "2026-01-02T00.00.00.000Z"):
        (place / version).mkdir(parents=True)
        (place / version / place.name).write_text(version)
    (file,) = list_raw_files(place)
    assert file.path.parent.name == "2026-01-02T00.00.00.000Z" and file.source == "new_instructions"
    named = RawFilesDataset(filepath=str(place))
    assert named.taken_versions() == ["2026-01-02T00.00.00.000Z"]
    identity = named.content_identity(lambda path: path.read_text())
    assert identity == {"new_instructions.jsonl": "2026-01-02T00.00.00.000Z"}
    assert named.preview()["data"][0][0] == "new_instructions.jsonl"
    # Another folder is all that is in it.
    assert len(list_raw_files(place.rename(tmp_path / "records"))) == 2
    assert RawFilesDataset(filepath=str(tmp_path / "records")).taken_versions() == []


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


ROWS = [{"instruction": f"Say {number}.", "output": str(number)} for number in range(3)]
PACK = {".gz": gzip.compress, ".zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True)}
LAYOUTS = {
    ".jsonl": "\n".join(map(as_text, ROWS)),
    ".json": f"[{', '.join(map(as_text, ROWS))}]",
    ".csv": "instruction,output\n" + "\n".join(f"{row['instruction']},{row['output']}" for row in ROWS),
}


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_packed_file_reads_as_what_is_in_it(tmp_path, layout, packing):
    path = tmp_path / f"small.set{layout}{packing}"
    path.write_bytes(PACK[packing](b"\xef\xbb\xbf" + LAYOUTS[layout].encode()))
    (file,) = list_raw_files(path)
    records, rejected = read(path)
    assert file.source == "small.set" and not rejected
    assert [record.answer for record in records] == ["0", "1", "2"]


@pytest.mark.parametrize("packing", PACK)
def test_a_packed_file_that_is_cut_off_is_refused_by_name_as_nobody_knows_what_is_missing(tmp_path, packing):
    path = tmp_path / f"a.jsonl{packing}"
    path.write_bytes(PACK[packing](LAYOUTS[".jsonl"].encode() * 1000)[:-9])
    with pytest.raises(InputError, match="cannot be unpacked") as caught:
        read(path)
    assert str(path) in str(caught.value) and "fetch it again" in caught.value.fix


def test_what_the_datasets_library_writes_beside_the_rows_is_passed_over(tmp_path):
    for name in ("dataset_info.json", "state.json", "train.jsonl"):
        (tmp_path / name).write_text(name)
    assert [file.source for file in list_raw_files(tmp_path)] == ["train"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hub:a/b", ("a/b", None, None)),
        ("hub:a/b/train", ("a/b", None, "train")),
        ("hub:a/b@v1.0/test", ("a/b", "v1.0", "test")),
    ],
)
def test_a_hub_name_is_owner_name_revision_and_split(text, parts):
    name = hub_name(text)
    assert (name.id, name.revision, name.split) == parts


@pytest.mark.parametrize("text", ["hub:", "hub:a", "hub:a/b/c/d", "hub:a b/c"])
def test_what_is_no_hub_name_is_refused_with_the_form(text):
    with pytest.raises(InputError, match="hub:owner/name/split"):
        list_raw_files(text)


def test_a_split_is_told_by_the_names_of_files_and_folders(tmp_path):
    names = [
        "data/train-00000-of-00002.parquet",
        "data/train-00001-of-00002.parquet",
        "test.jsonl",
        "dev/a.csv",
    ]
    files = [tmp_path / name for name in names]
    assert files_of_split(tmp_path, files, "train") == files[:2]
    assert files_of_split(tmp_path, files, "test") == files[2:3]
    assert files_of_split(tmp_path, files, "dev") == files[3:]
    assert files_of_split(tmp_path, files[:2], None) == files[:2]
    with pytest.raises(InputError, match="several splits: train, dev, test"):
        files_of_split(tmp_path, files, None)
    with pytest.raises(InputError, match="of the split `rain`") as caught:
        files_of_split(tmp_path, files, "rain")
    assert "train, dev, test" in caught.value.fix


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: mit\n---\n# A set", "mit"),
        ("---\nlicense: [mit, cc0-1.0]\n---\n", "mit, cc0-1.0"),
        ("---\nlicense: {broken\n---\n", None),
        ("---\nlanguage: en\n---\n", None),
        ("# A set without facts", None),
        ("", None),
    ],
)
def test_the_licence_of_a_card_is_read_where_there_is_one(tmp_path, card, licence):
    (tmp_path / "README.md").write_text(card)
    assert licence_of_card(tmp_path) == licence


def test_a_preview_shows_the_first_row_of_each_file(tmp_path):
    (tmp_path / "a.csv").write_text("question,answer\nWhy?,Because.\nHow?,So.\n")
    (tmp_path / "b.json").write_text('[{"instruction": "卡？"}, {"instruction": "x"}]')
    (tmp_path / "c.jsonl").write_text("")
    (tmp_path / "d.parquet").write_text("none")
    shown = RawFilesDataset(filepath=str(tmp_path)).preview()
    assert shown["columns"] == ["file", "bytes", "first row"]
    first_rows = [row[2] for row in shown["data"]]
    assert first_rows[:3] == ['{"question": "Why?", "answer": "Because."}', '{"instruction": "卡？"}', None]
    assert first_rows[3].startswith("cannot be read: ")
    assert len(RawFilesDataset(filepath=str(tmp_path)).preview(nrows=2)["data"]) == 2
