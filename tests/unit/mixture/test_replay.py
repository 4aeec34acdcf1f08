from typing import Any

import pandas as pd
import pytest
from training_builders import replay_documents, turns, verified_examples

from instruction_tuning.errors import InputError
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.schemas.sft_mixture import SFTMixture

DEFAULTS: dict[str, Any] = {
    "documents_per_example": 0.5,
    "validation_share": 0.05,
    "validation_minimum": 20,
    "seed": 1,
}


def mix(examples: pd.DataFrame, documents: pd.DataFrame, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    return build_mixture(examples, documents, **{**DEFAULTS, **changes})


def test_every_example_is_on_exactly_one_side() -> None:
    training, validation = mix(verified_examples(100), replay_documents(80))
    SFTMixture.validate(training)
    SFTMixture.validate(validation)
    together = pd.concat([training, validation])
    assert set(together.loc[together["kind"] == "chat", "example_id"]) == set(
        verified_examples(100)["record_id"]
    )
    assert together["example_id"].is_unique
    assert (together["kind"] == "document").sum() == 50


def test_at_least_the_minimum_of_records_is_held_out_but_never_more_than_a_quarter_of_a_small_pool() -> None:
    for count, held in ((1000, 50), (100, 20), (40, 10), (2, 1)):
        _, validation = mix(verified_examples(count), replay_documents(0), documents_per_example=0)
        assert len(validation) == held


def test_all_answers_to_a_record_are_on_one_side() -> None:
    twice = pd.concat([verified_examples(60), verified_examples(60)], ignore_index=True)
    twice["response_id"] = [f"response-{row}" for row in range(120)]
    training, validation = mix(twice, replay_documents(0), documents_per_example=0)
    sides = [{parents[0] for parents in side["parent_ids"]} for side in (training, validation)]
    assert sides[0].isdisjoint(sides[1])
    assert len(training) + len(validation) == 120


def test_a_row_names_the_record_and_the_response_it_comes_from() -> None:
    examples = verified_examples(2)
    examples["response_id"] = ["r0", None]
    training, validation = mix(examples, replay_documents(0), documents_per_example=0)
    parents = {row.example_id: list(row.parent_ids) for row in pd.concat([training, validation]).itertuples()}
    first, second = examples["record_id"]
    assert parents == {"r0": [first, "r0"], second: [second]}


def test_the_order_of_the_rows_does_not_decide_who_is_held_out() -> None:
    _, validation = mix(verified_examples(100), replay_documents(80))
    _, shuffled = mix(verified_examples(100)[::-1], replay_documents(80)[::-1])
    assert set(validation["example_id"]) == set(shuffled["example_id"])


def test_documents_are_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    training, validation = mix(verified_examples(40), replay_documents(3), documents_per_example=1)
    assert (pd.concat([training, validation])["kind"] == "document").sum() == 3
    assert "40 documents asked for" in caplog.text


def test_inputs_are_left_alone() -> None:
    examples, documents = verified_examples(30), replay_documents(30)
    mix(examples, documents)
    pd.testing.assert_frame_equal(examples, verified_examples(30))
    pd.testing.assert_frame_equal(documents, replay_documents(30))


def test_one_record_is_too_few_to_train_and_validate() -> None:
    with pytest.raises(InputError, match="too few"):
        mix(verified_examples(1), replay_documents(5))


def test_doubled_document_ids_are_named() -> None:
    doubled = pd.concat([replay_documents(2), replay_documents(1)])
    with pytest.raises(InputError, match="document-0"):
        mix(verified_examples(10), doubled)


def test_a_chat_keeps_its_turns() -> None:
    training, _ = mix(verified_examples(10), replay_documents(0), documents_per_example=0)
    number = int(training.loc[0, "example_id"], 16)
    assert training.loc[0, "messages"] == turns(f"what is {number} plus 1?", f"the answer is {number + 1}.")
