import sqlite3

import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.events import Event
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.errors import WorkspaceError

AT = "2026-01-02T03:04:05.000000+00:00"


def an_event(key="k" * 8, **fields):
    task = a_task()
    given = {"task_id": task.task_id, "who": "Ada", "at": AT, "action": "save", "before": {"answer": "5"}}
    return Event(**{"event_key": key, "after": {"answer": "4"}, "seconds": 1.5, **given, **fields})


@pytest.fixture
def store(tmp_path):
    with AnnotationStore(tmp_path / "folder" / "a.sqlite") as opened:
        opened.list_tasks([a_task()])
        yield opened


def test_events_come_back_as_they_were_added_and_a_key_adds_once(store):
    events = [an_event("k" * 8), an_event("l" * 8, after=None, action="undo", undoes="k" * 8, seconds=None)]
    assert store.add(events) == 2
    assert store.add(events) == 0
    assert [event for _, event in store.events()] == events
    assert [number for number, _ in store.events(after=1)] == [2]


@pytest.mark.parametrize("change", ["UPDATE events SET who = 'Eve'", "DELETE FROM events"])
def test_no_event_can_be_changed_or_taken_away(store, change):
    store.add([an_event()])
    with sqlite3.connect(store.path) as other, pytest.raises(sqlite3.IntegrityError, match="only ever added"):
        other.execute(change)
    other.close()


def test_a_task_that_left_the_list_stays_with_its_events(store):
    store.add([an_event()])
    newer = a_task(before="6")
    store.list_tasks([newer])
    assert [task.task_id for task in store.tasks(listed=True)] == [newer.task_id]
    assert {task.task_id for task in store.tasks(listed=False)} == {newer.task_id, a_task().task_id}


def test_people_are_numbered_as_they_come(store):
    assert [store.number_of(who) for who in ("Ada", "Bo", "Ada", "Chen")] == [1, 2, 1, 3]


def test_what_is_no_store_is_named(tmp_path):
    file = tmp_path / "a.sqlite"
    file.write_text("no database at all " * 100)
    with pytest.raises(WorkspaceError, match="is not a database") as caught:
        AnnotationStore(file)
    assert caught.value.file == file and "move it away" in caught.value.fix


def test_a_folder_that_cannot_be_written_is_named(locked):
    with pytest.raises(WorkspaceError, match="cannot be kept") as caught:
        AnnotationStore(locked / "a.sqlite")
    assert "writable" in caught.value.fix
