"""What the page may ask for, without HTTP."""

import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.assignment import HOLD_SECONDS, Board
from instruction_tuning.annotation.desk import Desk, NotOffered
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.errors import InputError

KEYS = (f"key-{number:06}" for number in range(1000))


@pytest.fixture
def store(tmp_path):
    with AnnotationStore(tmp_path / "a.sqlite") as opened:
        yield opened


def desk_with(store, *tasks, **options):
    store.list_tasks([task for task in tasks])
    return Desk(store, **options)


def save(desk, who, task, value, **fields):
    return desk.save({"who": who, "task_id": task.task_id, "event_key": next(KEYS), "value": value, **fields})


def test_each_task_goes_to_as_many_people_as_it_asks_for(store):
    one, both = a_task(before="a", annotators=1), a_task(before="b", annotators=2, position=1)
    desk = desk_with(store, one, both)
    assert desk.next({"who": "Ada"})["task"]["task_id"] == one.task_id
    assert desk.next({"who": "Bo"})["task"]["task_id"] == both.task_id  # Ada has the first one open
    save(desk, "Ada", one, {"answer": "x"})
    save(desk, "Bo", both, {"answer": "y"})
    told = desk.next({"who": "Bo"})
    assert told["task"] is None and told["held_by"] == []
    assert desk.next({"who": "Ada"})["task"]["task_id"] == both.task_id
    save(desk, "Ada", both, {"answer": "z"})
    assert desk.next({"who": "Chen"})["task"] is None
    assert desk.next({"who": "Chen"})["progress"]["all"] == {
        **{"tasks": 2, "wanted": 3, "done": 3, "mine": 0, "skipped": 0}
    }


def test_a_page_that_was_left_open_holds_a_task_for_a_while_only(store):
    store.list_tasks([a_task()])
    now = [0.0]
    board = Board(store, lambda: now[0])
    assert board.next_task("Ada", None)[0] is not None
    assert board.next_task("Bo", None) == (None, ["Ada"])
    now[0] = HOLD_SECONDS + 1
    assert board.next_task("Bo", None)[0] is not None


def test_skipping_is_no_answer_and_the_task_goes_to_others(store):
    task = a_task()
    desk = desk_with(store, task)
    told = save(desk, "Ada", task, {"skipped": True})
    assert told["progress"]["all"]["done"] == 0 and told["progress"]["all"]["skipped"] == 1
    assert desk.next({"who": "Ada"})["task"] is None
    assert desk.next({"who": "Bo"})["task"]["task_id"] == task.task_id


def test_undo_is_a_later_event_that_brings_back_what_stood_there(store):
    task = a_task()
    desk = desk_with(store, task)
    save(desk, "Ada", task, {"answer": "first"})
    save(desk, "Ada", task, {"answer": "second"})
    values = [desk.undo({"who": "Ada", "event_key": next(KEYS)})["task"]["value"] for _ in range(2)]
    assert values == [{"answer": "first"}, None]
    with pytest.raises(InputError, match="nothing to undo"):
        desk.undo({"who": "Ada", "event_key": next(KEYS)})
    events = [event for _, event in store.events()]
    assert [event.action for event in events] == ["save", "save", "undo", "undo"]
    assert [event.before["answer"] for event in events] == ["5", "first", "second", "first"]
    assert events[2].undoes == events[1].event_key and events[3].undoes == events[0].event_key
    assert sorted(event.at for event in events) == [event.at for event in events]


def test_an_event_that_is_sent_twice_is_there_once(store):
    task = a_task()
    desk = desk_with(store, task)
    for _ in range(2):
        save(desk, "Ada", task, {"answer": "4"}, event_key="the-same-key")
        desk.undo({"who": "Ada", "event_key": "another-key"})
    assert len(store.events()) == 2
    with pytest.raises(InputError, match="key of another event"):
        save(desk, "Bo", task, {"answer": "4"}, event_key="the-same-key")


def test_two_people_see_opposite_orders_and_each_sees_both(store):
    tasks = [a_task("compare", asked=f"Question {n}?", position=n, annotators=2) for n in range(40)]
    desk = desk_with(store, *tasks)
    seen = {}
    for who in ("Ada", "Bo"):
        seen[who] = [desk.open({"who": who, "task_id": task.task_id})["task"]["left"] for task in tasks]
    assert all(ada != bo for ada, bo in zip(seen["Ada"], seen["Bo"], strict=True))
    assert 10 <= seen["Ada"].count("5") <= 30


def test_a_choice_of_a_side_is_kept_as_the_answer_that_stood_there(store):
    task = a_task("compare", annotators=2)
    desk = desk_with(store, task)
    for who in ("Ada", "Bo"):
        shown = desk.open({"who": who, "task_id": task.task_id})["task"]
        assert not {"before_id", "other_id", "origin", "other", "before"} & shown.keys()
        save(desk, who, task, {"preferred": "left" if shown["left"] == task.before else "right"})
        assert desk.open({"who": who, "task_id": task.task_id})["task"]["value"]["preferred"] == (
            "left" if shown["left"] == task.before else "right"
        )
    events = [event for _, event in store.events()]
    assert [event.after["preferred"] for event in events] == ["first", "first"]
    assert {event.shown_first for event in events} == {"first", "second"}


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("correct", {"answer": "  "}, "answer"),
        ("correct", {"answer": 4}, "answer"),
        ("correct", "4", "value"),
        ("correct", {"answer": "\ud800"}, "answer"),
        ("review", {"verdict": "maybe"}, "verdict"),
        ("review", {"verdict": "reject", "reason": " "}, "reason"),
        ("review", {"verdict": "accept", "mark": 11}, "mark"),
        ("review", {"verdict": "accept", "mark": 2.5}, "mark"),
        ("review", {"verdict": "accept", "mark": True}, "mark"),
        ("review", {"verdict": "accept", "mark": float("inf")}, "mark"),  # JSON's Infinity and NaN
        ("review", {"verdict": "accept", "mark": float("nan")}, "mark"),
        ("compare", {"preferred": None}, "preferred"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_field_and_nothing_is_added(store, kind, value, field):
    task = a_task(kind)
    desk = desk_with(store, task)
    with pytest.raises(InputError) as caught:
        save(desk, "Ada", task, value)
    assert caught.value.field == field and task.task_id in str(caught.value)
    assert store.events() == []


def test_a_task_that_left_the_list_is_still_saved_and_an_unknown_one_is_said(store):
    task = a_task()
    desk_with(store, task)
    newer = desk_with(store, a_task(before="6"), tasks_changed=lambda: True)
    told = save(newer, "Ada", task, {"answer": "4"})
    assert told["is_offered"] is False and told["tasks_changed"] is True
    with pytest.raises(NotOffered):
        save(newer, "Ada", a_task(before="7"), {"answer": "4"})


@pytest.mark.parametrize("who", [None, "", "  ", "x" * 61, "a\nb", "a\u202eb", "\ud800"])
def test_a_name_has_to_be_readable(store, who):
    with pytest.raises(InputError, match="a name is needed"):
        desk_with(store, a_task()).sign_in({"who": who})


def test_one_name_in_two_spellings_is_one_person(store):
    desk = desk_with(store, a_task())
    assert desk.sign_in({"who": " Zoe\u0301 "})["who"] == desk.sign_in({"who": "Zoé"})["who"]


def test_what_another_process_added_is_seen(store, tmp_path):
    task = a_task()
    desk = desk_with(store, task)
    with AnnotationStore(tmp_path / "a.sqlite") as other:
        save(Desk(other), "Bo", task, {"answer": "4"})
    assert desk.next({"who": "Ada"})["task"] is None
