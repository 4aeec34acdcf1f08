"""Out to Label Studio and home again. What a person does there is written as its JSON export writes it."""

import copy
import json
import xml.etree.ElementTree as ET
from itertools import count
from pathlib import Path

import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.exchange import export_annotations, import_annotations
from instruction_tuning.annotation.label_studio import (
    label_studio_tasks,
    labelling_configuration,
    left_answer,
)
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS

TASKS = [
    *(a_task(kind, asked=f"<{kind}> 问?", position=place) for place, kind in enumerate(KINDS)),
    a_task("rewrite", asked="Nothing came.", before="", position=9),
]
# Control -> (type, key of the value), as in the tags' documentation.
CONTROLS = {
    "TextArea": ("textarea", "text"),
    "Choices": ("choices", "choices"),
    "Rating": ("rating", "rating"),
}
CONTROLS |= {"Pairwise": ("pairwise", "selected")}
SAID = {
    "rewrite": {"answer": ["An answer.\nOf two lines."]},
    "correct": {"answer": ["4"]},
    "review": {"verdict": ["reject"], "mark": 3, "reason": ["wrong sum"]},
    "compare": {"preferred": "left"},
}


def done_there(row, said, **fields):
    """An exported task in which somebody has filled in the controls of its configuration."""
    tree = ET.fromstring(labelling_configuration(row["data"]["kind"]))
    kinds = {tag.get("name"): CONTROLS[tag.tag] for tag in tree.iter() if tag.tag in CONTROLS}
    result = [
        {
            **{"id": f"reg{place}", "from_name": name, "to_name": "conversation", "type": kinds[name][0]},
            **{"origin": "manual", "value": {kinds[name][1]: value}},
        }
        for place, (name, value) in enumerate(said.items())
    ]
    annotation = {
        **{"id": 7, "completed_by": 3, "result": result, "was_cancelled": False, "ground_truth": False},
        **{"created_at": "2026-03-09T22:16:08.728353Z", "updated_at": "2026-03-09T22:20:00.000000Z"},
        **{"lead_time": 4.288, "task": 1, "project": 2},
    }
    return {"id": 1, **copy.deepcopy(row), "annotations": [annotation | fields]}


@pytest.fixture
def store(tmp_path):
    with AnnotationStore(tmp_path / "a.sqlite") as opened:
        opened.list_tasks(TASKS)
        yield opened


@pytest.fixture
def exported(store, tmp_path):
    export_annotations(store, tmp_path / "out")
    files = sorted((tmp_path / "out" / "label_studio").glob("*/tasks.json"))
    assert [file.parent.name for file in files] == sorted(KINDS)
    return {file.parent.name: json.loads(file.read_text("utf-8")) for file in files}


def bring_home(store, tmp_path: Path, rows):
    file = tmp_path / "export.json"
    file.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return import_annotations(store, file)


def test_the_configuration_shows_the_data_that_its_tasks_have():
    for kind, rows in label_studio_tasks(TASKS).items():
        tree = ET.fromstring(labelling_configuration(kind))
        asked = {tag.get("value")[1:] for tag in tree.iter() if (tag.get("value") or "").startswith("$")}
        assert all(asked <= row["data"].keys() for row in rows)
        names = {tag.get("name") for tag in tree.iter() if tag.get("name")}
        targets = {name for tag in tree.iter() for name in (tag.get("toName") or "").split(",") if name}
        assert targets <= names


def test_the_text_to_start_from_is_a_prediction_unless_there_is_none():
    rewrites = label_studio_tasks(TASKS)["rewrite"]
    assert rewrites[0]["predictions"][0]["result"][0]["value"] == {"text": ["5"]}
    assert rewrites[1]["predictions"] == []


def test_every_kind_comes_home_as_it_was_said_there(store, tmp_path, exported):
    rows = [done_there(exported[kind][0], SAID[kind]) for kind in KINDS]
    told = bring_home(store, tmp_path, rows)
    assert (told.added, told.known, told.aside) == (4, 0, [])
    events = {event.task_id: event for _, event in store.events()}
    by_kind = {task.kind: events[task.task_id] for task in TASKS[:4]}
    assert by_kind["rewrite"].after == {"answer": "An answer.\nOf two lines."}
    assert by_kind["correct"].before == {"answer": "5"}
    assert by_kind["review"].after == {"verdict": "reject", "mark": 3, "reason": "wrong sum"}
    left = left_answer(TASKS[3])
    assert by_kind["compare"].after == {"preferred": left, "reason": ""}
    assert by_kind["compare"].shown_first == left
    first = by_kind["rewrite"]
    assert (first.who, first.at, first.seconds) == (
        *("label studio 3", "2026-03-09T22:20:00.000000+00:00", 4.288),
    )
    again = bring_home(store, tmp_path, rows)
    assert (again.added, again.known) == (0, 4)


@pytest.fixture
def worked_on(store, tmp_path):
    """The tasks with what two people did: every kind, a tie, a skipped task, a change, an undo."""
    desk, numbers = Desk(store), count()

    def save(who, task, value):
        key = f"key-{next(numbers):06}"
        desk.save({"who": who, "task_id": task.task_id, "value": value, "event_key": key, "seconds": 3.5})

    rewrite, correct, review, compare, empty = TASKS
    save("Ada", rewrite, {"answer": "First try."})
    save("Ada", rewrite, {"answer": "Better 问."})
    save("Ada", correct, {"skipped": True, "reason": "not my field"})
    save("Ada", review, {"verdict": "reject", "mark": 3, "reason": "wrong sum"})
    save("Ada", compare, {"preferred": "left", "reason": "shorter"})
    save("Bo", compare, {"preferred": "tie", "reason": ""})
    save("Bo", review, {"verdict": "accept", "mark": None, "reason": ""})
    save("Bo", empty, {"answer": "Something."})
    desk.undo({"who": "Bo", "event_key": "key-of-undo"})
    export_annotations(store, tmp_path / "out")
    files = sorted((tmp_path / "out" / "label_studio").glob("*/tasks.json"))
    return {file.parent.name: json.loads(file.read_text("utf-8")) for file in files}


def events_of(store):
    return sorted((event for _, event in store.events()), key=lambda event: event.event_key)


def test_what_people_did_goes_out_and_comes_home_whole(store, tmp_path, worked_on):
    with AnnotationStore(tmp_path / "other.sqlite") as other:
        other.list_tasks(TASKS)
        told = [bring_home(other, tmp_path, rows) for rows in worked_on.values()]
        assert sum(one.added for one in told) == 9 and not any(one.aside for one in told)
        assert events_of(other) == events_of(store)
        again = [bring_home(other, tmp_path, rows) for rows in worked_on.values()]
        assert sum(one.added for one in again) == 0
    assert [bring_home(store, tmp_path, rows).added for rows in worked_on.values()] == [0] * len(KINDS)


def test_an_annotation_is_what_stands_now_in_the_controls_of_the_configuration(worked_on):
    for kind, rows in worked_on.items():
        tree = ET.fromstring(labelling_configuration(kind))
        controls = {tag.get("name"): tag for tag in tree.iter() if tag.tag in CONTROLS}
        for region in (r for row in rows for one in row["annotations"] for r in one["result"]):
            tag = controls[region["from_name"]]
            kind_of, value = CONTROLS[tag.tag]
            assert (region["type"], region["to_name"]) == (kind_of, tag.get("toName"))
            assert region["value"].keys() == {value}
    (ada,) = worked_on["rewrite"][0]["annotations"]
    assert ada["result"][0]["value"] == {"text": ["Better 问."]}
    assert ada["created_username"] == "Ada" and ada["lead_time"] == 3.5
    # Label Studio refuses a file that names somebody whom it does not know.
    assert "completed_by" not in ada
    assert worked_on["rewrite"][1]["annotations"] == []  # undone
    assert [one["was_cancelled"] for one in worked_on["correct"][0]["annotations"]] == [True]
    sides = [one["result"][0]["value"] for one in worked_on["compare"][0]["annotations"]]
    assert {"choices": ["tie"]} in sides and len(sides) == 2


def been_there(rows):
    """As Label Studio exports what was imported there: its own numbers and times, the importer as author."""
    for row in rows:
        for place, one in enumerate(row["annotations"], start=1):
            one |= {"import_id": one["id"], "id": place, "completed_by": 1}
            one |= {"created_at": "2026-05-01T10:00:00Z", "updated_at": "2026-05-01T10:00:00Z"}
            one.pop("created_username")
    return rows


def test_what_went_through_label_studio_unchanged_adds_nothing(store, tmp_path, worked_on):
    told = [bring_home(store, tmp_path, been_there(rows)) for rows in worked_on.values()]
    assert sum(one.added for one in told) == 0 and not any(one.aside for one in told)


def test_what_was_changed_or_added_there_is_an_event_after_ours(store, tmp_path, worked_on):
    (row, _) = been_there(worked_on["rewrite"])
    changed = row["annotations"][0]
    changed["result"][0]["value"] = {"text": ["Best."]}
    changed |= {"completed_by": {"email": "bo@example.org"}, "updated_at": "2026-05-02T10:00:00Z"}
    new = done_there(row, SAID["rewrite"], import_id=None)["annotations"][0]
    row["annotations"].append(new)
    told = bring_home(store, tmp_path, [row])
    assert (told.added, told.aside) == (2, [])
    last, added = [event for _, event in store.events()][-2:]
    assert (last.who, last.before, last.after) == (
        *("bo@example.org", {"answer": "Better 问."}, {"answer": "Best."}),
    )
    assert (added.who, added.before) == ("label studio 3", {"answer": "5"})


def test_a_broken_event_is_set_aside_and_the_others_come(tmp_path, worked_on):
    (row, _) = worked_on["rewrite"]
    row["data"]["events"][0] |= {"at": "noon"}
    with AnnotationStore(tmp_path / "other.sqlite") as other:
        other.list_tasks(TASKS)
        told = bring_home(other, tmp_path, [row])
    assert told.added == 1
    assert [one.field for one in told.aside] == ["data.events: created_at"]


def test_tasks_that_are_offered_no_more_go_out_with_what_was_done_on_them(store, tmp_path, worked_on):
    store.list_tasks(TASKS[:1])
    export_annotations(store, tmp_path / "later")
    found = {
        file.parent.name: len(json.loads(file.read_text("utf-8")))
        for file in (tmp_path / "later" / "label_studio").glob("*/tasks.json")
    }
    assert found == {"rewrite": 2, "correct": 1, "review": 1, "compare": 1}


def test_a_tie_a_cancelled_task_and_a_changed_answer_come_home(store, tmp_path, exported):
    tie = done_there(exported["compare"][0], {"tie": ["tie"]}, completed_by={"email": "bo@example.org"})
    skipped = done_there(exported["correct"][0], {}, was_cancelled=True)
    first = done_there(exported["rewrite"][0], SAID["rewrite"])
    later = done_there(
        exported["rewrite"][0], {"answer": ["Better."]}, updated_at="2026-03-11T00:00:00+02:00"
    )
    assert bring_home(store, tmp_path, [tie, skipped, first]).added == 3
    assert bring_home(store, tmp_path, [tie, skipped, later]).added == 1
    events = [event for _, event in store.events()]
    assert events[0].who == "bo@example.org" and events[0].after["preferred"] == "tie"
    assert events[1].action == "skip" and events[1].after["skipped"] is True
    assert events[-1].after == {"answer": "Better."}
    assert events[-1].at == "2026-03-10T22:00:00.000000+00:00"


def change(row, **fields):
    row["annotations"][0].update(fields)
    return row


def region(row, **fields):
    row["annotations"][0]["result"][0].update(fields)
    return row


BROKEN = {
    "data": lambda row: "no object",
    "data.task_id": lambda row: {**row, "data": {**row["data"], "task_id": "unknown"}},
    "annotations": lambda row: {"data": row["data"]},
    "completed_by": lambda row: change(row, completed_by=None),
    "created_at": lambda row: change(row, updated_at="yesterday"),
    "lead_time": lambda row: change(row, lead_time="long"),
    "result": lambda row: change(row, result=None),
    "result[0]": lambda row: region(row, value=None),
    "result[0].type": lambda row: region(row, type="rectanglelabels"),
    "result[0].value": lambda row: region(row, value={"text": ["one", "two"]}),
    "answer": lambda row: region(row, from_name="another"),
}


@pytest.mark.parametrize("field", BROKEN)
def test_a_broken_row_is_set_aside_by_file_task_and_field_and_the_others_come(
    store, tmp_path, exported, field
):
    good = done_there(exported["review"][0], SAID["review"])
    bad = BROKEN[field](done_there(exported["correct"][0], SAID["correct"]))
    told = bring_home(store, tmp_path, [bad, good])
    assert told.added == 1
    (aside,) = told.aside
    assert (aside.file, aside.field) == ("export.json", field) and aside.reason
    assert aside.task.startswith(TASKS[1].task_id) or aside.task == "row 0"


def test_a_pair_without_a_choice_or_a_side_is_set_aside(store, tmp_path, exported):
    row = exported["compare"][0]
    nothing = done_there(row, {"reason": ["hm"]})
    both = done_there(row, {"preferred": "left", "tie": ["tie"]}, id=8)
    no_side = done_there(row, SAID["compare"], id=9)
    no_side["data"].pop("left_is")
    told = bring_home(store, tmp_path, [nothing, both, no_side])
    assert told.added == 0
    assert [aside.field for aside in told.aside] == ["preferred", "preferred", "data.left_is"]
