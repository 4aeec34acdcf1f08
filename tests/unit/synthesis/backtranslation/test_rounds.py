import pandas as pd
import pytest
from backtranslation_builders import pool, segments
from training_builders import replay_documents

from instruction_tuning.errors import InputError
from instruction_tuning.schemas.backtranslation import (
    BacktranslationExamples,
    CuratedCandidates,
    CurationAccuracy,
)
from instruction_tuning.synthesis.backtranslation import rounds
from instruction_tuning.synthesis.backtranslation.curation_accuracy import accuracy_frame, curation_accuracy
from instruction_tuning.synthesis.backtranslation.seed_pairs import (
    reverse_document,
    reverse_documents,
    reverse_examples,
    seed_pairs,
)
from instruction_tuning.synthesis.backtranslation.source_tags import system_text

RATINGS = {
    "0a": {"reply": "Score: 5", "text_score": 5.0, "expected_score": 4.2},
    "0b": {"reply": "Score: 3", "text_score": 3.0, "expected_score": 4.6},
    "0c": {"reply": "nothing", "text_score": None, "expected_score": None},
}


def candidate_frame() -> pd.DataFrame:
    own = segments().rename(columns={"text": "response"})
    return own.assign(
        instruction="Say it.", status=["ok", "ok", "ok", "empty"], reason=[None, None, None, "''"], writer="w"
    )


def judge(score_by="expected_value", keep_level=4) -> pd.DataFrame:
    frame = rounds.curated(
        candidate_frame(), RATINGS, number=1, score_by=score_by, keep_level=keep_level, judge="m0"
    )
    CuratedCandidates.validate(frame)
    return frame


@pytest.mark.parametrize(
    ("score_by", "keep_level", "kept"),
    [
        ("expected_value", 4, ["0a", "0b"]),
        ("expected_value", 5, ["0b"]),
        ("parsed_text", 4, ["0a"]),
        ("parsed_text", 5, ["0a"]),
    ],
)
def test_the_chosen_score_and_level_say_what_is_kept(score_by, keep_level, kept) -> None:
    frame = judge(score_by, keep_level)
    assert frame.loc[frame["kept"], "segment_id"].tolist() == kept
    assert len(frame) == 4, "kept and rejected are all candidates"


def test_what_is_not_kept_says_why_and_a_missing_score_stays_missing() -> None:
    frame = judge().set_index("segment_id")
    assert pd.isna(frame.loc["0c", "score"]) and not frame.loc["0c", "kept"]
    assert frame.loc["0c", "reason"].startswith("no score")
    assert frame.loc["0d", "reason"] == "no candidate: empty"
    assert judge(keep_level=5).set_index("segment_id").loc["0a", "reason"] == "score 4.20, 4.5 needed"
    assert frame["parse_ok"].tolist() == [True, True, False, None]


def test_before_the_first_round_nothing_is_kept() -> None:
    frame = rounds.unjudged(candidate_frame())
    CuratedCandidates.validate(frame)
    assert not frame["kept"].any() and frame["round"].eq(0).all()


def test_a_round_trains_on_the_seeds_and_what_is_kept_each_with_its_tag() -> None:
    seeds = seed_pairs(pool(5), count=3, seed=1)
    examples = rounds.training_examples(seeds, judge(), is_tagged=True)
    BacktranslationExamples.validate(examples)
    assert examples["source"].tolist() == ["seed"] * 3 + ["web"] * 2
    tags = {row["source"]: row["messages"][0]["content"] for row in examples.to_dict("records")}
    assert tags == {"seed": system_text(["seed"]), "web": system_text(["web"])}
    bare = rounds.training_examples(seeds, judge(), is_tagged=False)
    assert all(messages[0]["role"] == "user" for messages in bare["messages"])


def test_the_reverse_model_learns_to_write_the_question_of_a_seed() -> None:
    seeds = seed_pairs(pool(4), count=None, seed=1)
    messages = reverse_examples(seeds)["messages"].iloc[0]
    assert "B0A" in messages[0]["content"] and messages[1]["content"] == "Reverse A0B."


def test_for_documents_the_pairs_stand_beside_the_replayed_ones() -> None:
    seeds = seed_pairs(pool(3), count=None, seed=1)
    documents = reverse_documents(seeds, replay_documents(5), replayed=2, seed=1)
    assert len(documents) == 5 and documents["document_id"].is_unique
    assert documents["text"].iloc[0] == "Text: B0A Instruction: Reverse A0B.\n"
    assert reverse_document("红\n绿", "zh") == "文：红 绿指令："


def test_seeds_are_single_questions_with_answers_drawn_whatever_the_order() -> None:
    records = pool(6)
    records.at[0, "messages"] = [{"role": "user", "content": "no answer"}]
    records.at[1, "messages"] = [*records.at[1, "messages"], *records.at[2, "messages"]]
    drawn = seed_pairs(records, count=2, seed=1)
    pd.testing.assert_frame_equal(seed_pairs(records[::-1], count=2, seed=1), drawn)
    assert len(seed_pairs(records, count=None, seed=1)) == 4
    with pytest.raises(InputError, match="too few to train on"):
        seed_pairs(records.head(1), count=None, seed=1)


def test_kept_pairs_are_rows_that_ingestion_reads() -> None:
    assert rounds.raw_records(judge())[["instruction", "output"]].to_dict("records")[0] == {
        "instruction": "Say it.",
        "output": "The last letter of PZDF is F.",
    }


def test_precision_and_recall_are_of_what_is_true_and_nothing_has_none() -> None:
    right = pd.Series({"0a": True, "0b": False, "0c": True, "0d": False})
    table = curation_accuracy([judge(), judge(keep_level=5).assign(round=2)], right, kind="effect")
    CurationAccuracy.validate(table)
    assert table["precision"].tolist() == [0.5, 0.0] and table["recall"].tolist() == [0.5, 0.0]
    assert table["right_rate"].tolist() == [0.5, 0.5]
    nothing = curation_accuracy([rounds.unjudged(candidate_frame())], right, kind="effect")
    assert nothing["precision"].isna().all() and nothing["recall"].tolist() == [0.0]
    CurationAccuracy.validate(accuracy_frame([]))
