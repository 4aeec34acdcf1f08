"""The pipeline `annotation` before anybody has worked, and after two people have."""

import json

import pandas as pd
import pytest
from annotation_builders import a_task
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from training_builders import tiny_base

from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.sampling import tasks_of
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS
from instruction_tuning.datasets.annotation_events import AnnotationEventsDataset
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.pipelines.annotation.nodes import sample_base_continuations
from instruction_tuning.pipelines.annotation.parameters import AnnotationParameters
from instruction_tuning.pipelines.annotation.pipeline import create_pipeline
from instruction_tuning.schemas.annotation_tasks import AnnotationTasks
from instruction_tuning.schemas.annotator_agreement import AnnotatorAgreement
from instruction_tuning.schemas.gold_answers import AnnotationVerdicts, GoldAnswers
from instruction_tuning.schemas.preference_pairs import PreferencePairs

PARAMETERS = AnnotationParameters(
    tasks={kind: {"number": 2, "annotators": 2} for kind in ("rewrite", "correct", "review", "compare")},
    continuation_temperature=0.7,
    continuation_max_new_tokens=8,
    correct_max_rating=6,
    gold_per_task="one",
    seed=3,
)


def examples() -> pd.DataFrame:
    rows = [
        {
            **{"record_id": f"r{number}", "answer": f"answer {number}", "origin": "teacher"},
            "messages": [
                {"role": "user", "content": f"Question {number}?"},
                {"role": "assistant", "content": f"answer {number}"},
            ],
            "response_id": f"p{number}-0",
        }
        for number in range(4)
    ]
    return pd.DataFrame(rows)


def responses() -> pd.DataFrame:
    rows = [
        {
            **{"response_id": f"p{number}-{sample}", "record_id": f"r{number}", "model": "teacher"},
            **{"messages": [{"role": "user", "content": f"Question {number}?"}], "check": "none"},
            **{"response": f"answer {number}{' or so' * sample}", "rating": 9.0 - 5 * sample},
        }
        for number in range(4)
        for sample in range(2)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def run(tmp_path):
    """Runs the pipeline and gives what it made."""

    def go():
        catalog = DataCatalog(
            {
                "verified_examples": MemoryDataset(examples()),
                "rated_responses": MemoryDataset(responses()),
                "base_model": MemoryDataset(tiny_base(), copy_mode="assign"),
                "annotation_events": AnnotationEventsDataset(filepath=str(tmp_path / "a.sqlite")),
                "params:annotation": MemoryDataset(PARAMETERS),
            }
        )
        outputs = SequentialRunner().run(create_pipeline(), catalog)
        return {name: output.load() for name, output in outputs.items()}

    return go


def test_the_first_run_makes_tasks_and_says_that_nobody_has_worked_yet(run, caplog):
    caplog.set_level("INFO", "instruction_tuning")
    made = run()
    assert f"the base model {tiny_base().digest} goes on from 2 questions" in caplog.messages
    tasks = AnnotationTasks.validate(made["annotation_tasks"])
    assert tasks["kind"].value_counts().to_dict() == dict.fromkeys(KINDS, 2)
    corrected = tasks[tasks["kind"] == "correct"]
    assert set(corrected["before_id"]) <= {f"p{number}-1" for number in range(4)}  # rated 4
    assert GoldAnswers.validate(made["gold_answers"]).empty and made["gold_answer_records"].empty
    assert "Nobody has annotated" in made["agreement_report"]


def test_what_two_people_did_becomes_gold_answers_verdicts_pairs_and_agreement(run, tmp_path):
    tasks = run()["annotation_tasks"]
    said = {
        "rewrite": {"answer": "A good answer."},
        "correct": {"answer": "A right answer."},
        "review": {"verdict": "accept", "mark": 9},
        "compare": {"preferred": "first"},
    }
    with AnnotationStore(tmp_path / "a.sqlite") as store:
        store.list_tasks(tasks_of(tasks))
        desk = Desk(store)
        for who in ("Ada", "Bo"):
            while task := desk.next({"who": who})["task"]:
                fields = {"task_id": task["task_id"], "event_key": f"{who}-{task['task_id']}"}
                desk.save({"who": who, "value": said[task["kind"]], **fields})
    made = run()
    answers = GoldAnswers.validate(made["gold_answers"])
    assert answers["status"].value_counts().to_dict() == {"gold": 4, "not_chosen": 4}
    assert len(made["gold_answer_records"]) == 4 and list(made["gold_answer_records"]) == ["id", "messages"]
    verdicts = AnnotationVerdicts.validate(made["annotation_verdicts"])
    shown = verdicts[verdicts["kind"] == "compare"].groupby("task_id")["shown_first"].nunique()
    assert len(verdicts) == 8 and shown.eq(2).all()
    pairs = PreferencePairs.validate(made["annotated_pairs"])
    assert len(pairs) == len(made["annotated_comparison_records"]) == 2
    agreed = AnnotatorAgreement.validate(made["annotator_agreement"])
    raw = agreed[(agreed["people"] == "all") & agreed["measure"].isin(["raw_agreement", "text_similarity"])]
    assert raw["estimate"].eq(1).all() and len(raw) == 5
    assert "16 annotations by 2 people." in made["agreement_report"]


def test_the_content_of_the_events_changes_with_each_of_them(tmp_path):
    stored = AnnotationEventsDataset(filepath=str(tmp_path / "a.sqlite"))
    identities = [stored.content_identity(None)]
    with AnnotationStore(tmp_path / "a.sqlite") as store:
        store.list_tasks([a_task()])
        for number in range(2):
            fields = {"task_id": a_task().task_id, "event_key": f"key-{number:06}", "value": {"answer": "4"}}
            Desk(store).save({"who": "Ada", **fields})
            identities.append(stored.content_identity(None))
            assert stored.content_identity(None) == identities[-1]
        assert stored.preview()["columns"][0] == "event_key"
    assert len({json.dumps(identity) for identity in identities}) == 3


def test_a_base_without_a_chat_form_is_said_before_it_is_asked(tiny_model_path):
    base = open_model_folder(tiny_model_path)
    with pytest.raises(ConfigurationError, match="no chat template") as caught:
        sample_base_continuations(examples(), base, PARAMETERS)
    assert caught.value.field == "annotation.tasks.rewrite.number"
