"""What people did with a record's answers is told from their events and from what was made of these."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from annotation_builders import a_task
from lineage_builders import StoredProject, canonical, ingested_and_trained, record_id

from instruction_tuning.annotation.annotations import current_annotations
from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.gold import gold_answers, preferred_pairs, verdicts
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import Task
from instruction_tuning.datasets.annotation_events import AnnotationEventsDataset
from instruction_tuning.incremental.records import StoredState
from instruction_tuning.lineage.naming import find_record
from instruction_tuning.lineage.provenance import chain_of
from instruction_tuning.lineage.record import RecordStory
from instruction_tuning.lineage.wording import record_text

OF_A = {"record_id": record_id("a")}
CORRECT = a_task("correct", before_id="a-00", position=0, **OF_A)
REVIEW = a_task("review", before_id="a-01", position=1, **OF_A)
COMPARE = a_task("compare", before_id="a-00", other_id="a-01", position=2, **OF_A)
REWRITE = a_task("rewrite", before="Er", before_id=None, position=3, **OF_A)
ELSEWHERE = a_task("correct", asked="Say y.", record_id=record_id("b"), position=4)


class Page:
    """Sends what the page sends, to a real store."""

    def __init__(self, folder: Path) -> None:
        self.events = AnnotationEventsDataset(filepath=str(folder / "annotations.sqlite"))
        self.store = AnnotationStore(self.events.store_path)
        self.store.list_tasks([CORRECT, REVIEW, COMPARE, REWRITE, ELSEWHERE])
        self.desk = Desk(self.store)
        self._sent = 0

    def do(self, who: str, task: Task, value: dict[str, Any]) -> None:
        self._sent += 1
        key = f"the event {self._sent}"
        self.desk.sign_in({"who": who})
        self.desk.save(
            {"who": who, "task_id": task.task_id, "event_key": key, "seconds": 1.0, "value": value}
        )


def collect(made: StoredProject, events: pd.DataFrame, version: str) -> pd.DataFrame:
    """What pipeline `annotation` stores of them; the gold answers."""
    annotations = current_annotations(events)
    gold = gold_answers(annotations, per_task="one")
    made.save("gold_answers", version, gold.to_dict("records"))
    made.save("annotation_verdicts", version, verdicts(annotations).to_dict("records"))
    made.save("annotated_pairs", version, preferred_pairs(annotations).to_dict("records"))
    return gold


def told(made: StoredProject, page: Page, name: str = record_id("a"), version: str = "v1") -> list[str]:
    """Its lines, without the time."""
    chain = chain_of(made.executions, {"canonical_instructions": StoredState("unknown", version)}, made.store)
    story = RecordStory(find_record(name, made.store, chain), made.store, chain, page.events.load())
    lines = [line for line in record_text(story.tell(lambda only: [])).splitlines() if " annotation " in line]
    assert all(re.search(r", \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: ", line) for line in lines)
    return [re.sub(r", [-\d]+ [:\d]+ UTC", "", line.removeprefix("  annotation  ")) for line in lines]


@pytest.fixture
def page(tmp_path: Path):
    page = Page(tmp_path)
    yield page
    page.store.close()


def test_who_did_what_and_what_came_of_it(tmp_path: Path, page: Page) -> None:
    made = ingested_and_trained(tmp_path)
    page.do("Ann", CORRECT, {"answer": "4"})
    page.do("Ben", CORRECT, {"answer": "four, I say"})
    page.do("Ann", REVIEW, {"verdict": "reject", "mark": 2, "reason": "wrong sum"})
    page.do("Ben", REVIEW, {"verdict": "reject", "mark": None, "reason": "no"})
    page.do("Ann", COMPARE, {"preferred": "second", "reason": ""})
    page.do("Ann", REWRITE, {"skipped": True, "reason": "odd"})
    page.do("Ann", ELSEWHERE, {"answer": "y"})
    gold = collect(made, page.events.load(), "v1").set_index(["task_id", "who"])["gold_id"]
    assert told(made, page) == [
        f"correct of a-00 by Ann: '5' -> '4'; gold answer {gold[CORRECT.task_id, 'Ann']}",
        "correct of a-00 by Ben: '5' -> 'four, I say'; another's text was taken",
        "review of a-01 by Ann: reject, mark 2 (wrong sum); most people say reject",
        "review of a-01 by Ben: reject (no); most people say reject",
        "compare of a-00 and a-01 by Ann: prefers a-01; most people say a-01; in annotated_pairs",
        "rewrite by Ann: skipped (odd)",
    ]
    assert told(made, page, record_id("c")) == []


def test_what_was_done_after_the_last_collecting_or_undone_says_so(tmp_path: Path, page: Page) -> None:
    made = ingested_and_trained(tmp_path)
    assert told(made, page) == []
    page.do("Ann", CORRECT, {"answer": "4"})
    page.do("Ben", REVIEW, {"verdict": "accept", "mark": 9, "reason": ""})
    collect(made, page.events.load(), "v1")
    page.do("Ann", CORRECT, {"answer": "Four."})
    page.desk.undo({"who": "Ben", "event_key": "the event 9"})
    assert told(made, page) == [
        "correct of a-00 by Ann: '5' -> 'Four.'; not collected yet: kedro run --pipeline=annotation",
        "review of a-01 by Ben: undone, nothing stands",
    ]


def test_a_gold_answer_that_was_read_again_names_the_record_and_the_record_its_author(
    tmp_path: Path, page: Page
) -> None:
    made = ingested_and_trained(tmp_path)
    page.do("Ann", CORRECT, {"answer": "4"})
    page.do("Ben", COMPARE, {"preferred": "first", "reason": ""})
    (gold_id,) = collect(made, page.events.load(), "v1")["gold_id"]
    rows = [
        canonical("e", 0) | {"original_id": gold_id},
        canonical("f", 1) | {"original_id": COMPARE.task_id},
    ]
    made.save("canonical_instructions", "v2", rows)
    made.ran("read again", {}, {"canonical_instructions": "v2"})
    written, compared = told(made, page)
    assert written.endswith(f"gold answer {gold_id}; read again as record {record_id('e')}")
    assert compared.endswith(f"in annotated_pairs; read again as record {record_id('f')}")
    (author,) = told(made, page, record_id("e"), "v2")
    assert author.startswith(f"correct of a-00, record {record_id('a')} by Ann: '5' -> '4'")
    (judge,) = told(made, page, record_id("f"), "v2")
    assert judge.startswith(f"compare of a-00 and a-01, record {record_id('a')} by Ben: prefers a-00")
