import json

import pandas as pd
import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.annotations import current_annotations, events_frame
from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.exchange import EVENTS_FILE, export_annotations, import_annotations
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.errors import InputError, WorkspaceError

TASKS = [a_task(), a_task("compare", position=1), a_task("review", position=2)]
VALUES = [{"answer": "4"}, {"preferred": "right"}, {"verdict": "accept", "mark": 8}]


@pytest.fixture
def lines(tmp_path):
    """The events of a store in which Ada did everything, and undid the last."""
    with AnnotationStore(tmp_path / "here.sqlite") as store:
        store.list_tasks(TASKS)
        desk = Desk(store)
        for number, (task, value) in enumerate(zip(TASKS, VALUES, strict=True)):
            desk.save(
                {"who": "Ada", "task_id": task.task_id, "value": value, "event_key": f"key-{number:06}"}
            )
        desk.undo({"who": "Ada", "event_key": "key-of-undo"})
        export_annotations(store, tmp_path / "out")
    return (tmp_path / "out" / EVENTS_FILE).read_text("utf-8").splitlines()


def read(tmp_path, lines):
    file = tmp_path / "events.jsonl"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with AnnotationStore(tmp_path / "there.sqlite") as store:
        return import_annotations(store, file), events_frame(store)


def test_events_travel_with_their_tasks_to_another_store_once(tmp_path, lines):
    told, there = read(tmp_path, lines)
    assert (told.added, told.known, told.aside) == (4, 0, [])
    with AnnotationStore(tmp_path / "here.sqlite") as store:
        here = events_frame(store)
    pd.testing.assert_frame_equal(there, here)
    assert [one.task.kind for one in current_annotations(there)] == ["correct", "compare"]
    again, _ = read(tmp_path, lines)
    assert (again.added, again.known) == (0, 4)


def changed(line, **fields):
    return json.dumps({**json.loads(line), **fields})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"who": ""}, "who"),
        ({"at": "noon"}, "created_at"),
        ({"action": "delete"}, "event_key"),
        ({"after": {"answer": ""}}, "answer"),
        ({"seconds": "long"}, "seconds"),
        ({"seconds": float("inf")}, "seconds"),
        ({"shown_first": ["left"]}, "shown_first"),
        ({"task": None}, "task"),
        ({"extra": 1}, "event_key"),
    ],
)
def test_a_broken_line_is_set_aside_by_number_and_field(tmp_path, lines, fields, field):
    told, _ = read(tmp_path, [changed(lines[0], **fields), "{no json", *lines[1:]])
    assert told.added == 3
    assert [(one.task, one.field) for one in told.aside] == [("line 1", field), ("line 2", "")]


def test_a_task_that_was_changed_under_its_id_is_refused(tmp_path, lines):
    line = json.loads(lines[0])
    line["task"]["before"] = "another answer"
    told, _ = read(tmp_path, [json.dumps(line)])
    assert told.added == 0 and told.aside[0].field == "task.task_id"


def test_a_file_that_is_not_there_and_a_place_that_cannot_be_written_are_named(tmp_path):
    with AnnotationStore(tmp_path / "a.sqlite") as store:
        with pytest.raises(InputError, match="cannot be read"):
            import_annotations(store, tmp_path / "missing.json")
        (tmp_path / "file").write_text("")
        with pytest.raises(WorkspaceError, match="cannot be written"):
            export_annotations(store, tmp_path / "file")
