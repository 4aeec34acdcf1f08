import json
import shutil
from pathlib import Path

import pytest
from benchmark_builders import benchmark_settings, item, small_benchmark

from instruction_tuning.errors import InputError
from instruction_tuning.evaluation import task_files
from instruction_tuning.evaluation.task_files import fingerprint, measured_items, write_task_files


def test_there_is_a_task_and_a_data_file_for_each_ability_and_form(tmp_path):
    folder = write_task_files(small_benchmark(), benchmark_settings(), tmp_path)
    names = sorted(path.stem for path in folder.glob("*.yaml"))
    assert names == sorted(path.stem for path in folder.glob("*.jsonl"))
    assert names == [
        f"{ability}_{form}"
        for ability in ("math", "open_qa")
        for form in ("chat_few_shot", "chat_zero_shot", "document_few_shot")
    ]


def test_no_train_item_is_measured_and_no_test_item_is_an_example(tmp_path):
    folder = write_task_files(small_benchmark(), benchmark_settings(), tmp_path)
    for path in folder.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            assert not row["item_id"].startswith("train")
            assert all("train-" in example["prompt"] for example in row["examples"])


def test_a_second_writing_leaves_the_files_alone(tmp_path):
    folder = write_task_files(small_benchmark(), benchmark_settings(), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert write_task_files(small_benchmark(), benchmark_settings(), tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times
    assert list(folder.parent.iterdir()) == [folder]


def test_a_moved_project_reads_its_own_data_files(tmp_path):
    before = write_task_files(small_benchmark(), benchmark_settings(), tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    folder = write_task_files(small_benchmark(), benchmark_settings(), tmp_path / "new")
    assert folder.name != before.name
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert str(tmp_path / "new") in text and str(tmp_path / "old") not in text


def test_the_fingerprint_follows_the_code_of_the_room_and_what_it_uses(tmp_path, monkeypatch):
    copies = [Path(shutil.copy(file, tmp_path / f"{n}.py")) for n, file in enumerate(task_files._CODE)]
    code = task_files._CODE
    before = fingerprint(small_benchmark(), benchmark_settings())
    monkeypatch.setattr(task_files, "_CODE", copies)
    assert fingerprint(small_benchmark(), benchmark_settings()) == before
    used = {"few_shot.py", "answer_score.py", "loading.py", "special_tokens.py", "seeds.py"}
    assert used <= {file.name for file in code}
    with copies[-1].open("a") as file:
        file.write("# edited")
    assert fingerprint(small_benchmark(), benchmark_settings()) != before


@pytest.mark.parametrize("package", ["lm_eval", "torch", "transformers"])
def test_the_fingerprint_follows_the_packages_that_a_model_runs_on(package, monkeypatch):
    before = fingerprint(small_benchmark(), benchmark_settings())
    known = task_files.version
    monkeypatch.setattr(task_files, "version", lambda name: "0" if name == package else known(name))
    assert fingerprint(small_benchmark(), benchmark_settings()) != before


def test_the_fingerprint_follows_items_and_settings_and_not_the_order_of_rows():
    items, settings = small_benchmark(), benchmark_settings()
    assert fingerprint(items, settings) == fingerprint(items.iloc[::-1], settings)
    assert fingerprint(items, settings) != fingerprint(items, benchmark_settings(few_shot=1))
    assert fingerprint(items, settings) != fingerprint(items.assign(question="?"), settings)


def test_the_first_items_by_id_are_measured():
    settings = benchmark_settings(items_per_ability=2)
    assert measured_items(small_benchmark(), settings)["item_id"].tolist() == ["m0", "m1", "q0", "q1"]


def test_fewer_items_are_measured_of_what_does_not_count():
    items = small_benchmark().assign(counted=lambda items: items["ability"] == "open_qa")
    settings = benchmark_settings(items_per_ability=2, items_per_reported_ability=1)
    assert measured_items(items, settings)["item_id"].tolist() == ["m0", "q0", "q1"]


def test_a_question_comes_after_the_turns_that_it_refers_to(tmp_path):
    items = small_benchmark().assign(turns="")
    items.loc[0, "turns"] = '[{"prompt": "What is the capital?", "answer": "Balit"}]'
    folder = write_task_files(items, benchmark_settings(), tmp_path)
    shots = {"chat_zero_shot": 0, "chat_few_shot": 2, "document_few_shot": 2}
    for form, count in shots.items():
        lines = (folder / f"open_qa_{form}.jsonl").read_text(encoding="utf-8").splitlines()
        examples = next(row["examples"] for row in map(json.loads, lines) if row["item_id"] == "q0")
        told = form != "document_few_shot"
        assert len(examples) == count + told
        assert (examples[-1:] == [{"prompt": "What is the capital?", "answer": "Balit"}]) == told
        task = (folder / f"open_qa_{form}.yaml").read_text(encoding="utf-8")
        assert f"num_fewshot: {count + told}" in task


def test_a_benchmark_without_test_items_says_so():
    with pytest.raises(InputError, match="no test item"):
        measured_items(small_benchmark().query("split == 'train'"), benchmark_settings())


def test_a_gold_text_that_reads_otherwise_than_the_target_is_refused(tmp_path):
    items = small_benchmark()
    items.loc[0] = item("q0", document_target="Perhaps Miran.")
    with pytest.raises(InputError, match=r"Perhaps Miran.' scores 0.*record q0"):
        write_task_files(items, benchmark_settings(), tmp_path)
