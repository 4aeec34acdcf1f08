from pathlib import Path

import pandas as pd
import pytest
from backtranslation_builders import SEGMENTS, roomy_base
from training_builders import tiny_base

from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.synthesis.backtranslation.rating_forms import rating_form
from instruction_tuning.synthesis.backtranslation.self_curation import Rating, rate_pairs, ratings_of_teacher

PAIRS = {key: ["What is this?", text, language] for key, (text, language) in SEGMENTS.items()}


def rate(work: Path, form="document", pairs=PAIRS, model=None) -> dict[str, Rating]:
    settings = {"tags": ("seed", "web"), "max_new_tokens": 6, "part_size": 3, "work_folder": work}
    return rate_pairs(model or roomy_base(), pairs, form=form, **settings)


@pytest.mark.parametrize("form", ["document", "chat"])
def test_each_pair_has_an_expected_level_even_where_the_text_names_none(form, tmp_path: Path) -> None:
    rated = rate(tmp_path, form)
    assert set(rated) == set(PAIRS)
    assert all(1 <= rating["expected_score"] <= 5 for rating in rated.values())
    # A random model writes no level.
    assert all(rating["text_score"] is None and rating["reply"] is not None for rating in rated.values())
    assert rate(tmp_path, form) == rated


def test_a_pair_that_does_not_fit_into_the_context_has_no_score(tmp_path: Path) -> None:
    rated = rate(tmp_path, model=tiny_base())
    assert all(
        rating == {"reply": None, "text_score": None, "expected_score": None} for rating in rated.values()
    )


def test_a_level_is_read_in_each_form_and_what_is_behind_a_documents_line_is_not() -> None:
    chat, english, chinese = (
        rating_form("chat", "en"),
        rating_form("document", "en"),
        rating_form("document", "zh"),
    )
    assert chat.level("It is complete.\n**Score:** 4/5") == 4
    assert chat.level("Score: 6") is None and chat.level("I would say so.") is None
    assert english.level(" T | T T ok Level: 5 of 5\nQ: Level: 1 of 5") == 5
    assert english.reasons(" T | T T ok Level: 5 of 5\nQ: more") == " T | T T ok"
    assert chinese.level("绿树 | 绿 红 no 五级：1") == 1
    assert english.level(" T | T T ok\nLevel: 5 of 5") is None


def test_the_label_and_the_digits_are_tokens_as_they_stand_behind_a_reason() -> None:
    tokenizer = load_tokenizer(roomy_base())
    label, digits = rating_form("document", "en").level_tokens(tokenizer, "here")
    assert tokenizer.decode([*label, digits[3]]) == " Level: 4"
    assert len(set(digits)) == 5


def test_a_teachers_reply_has_a_text_score_alone() -> None:
    replies = {"0a": ("Good.\nScore: 5", "ok"), "0b": ("No number.", "ok"), "0c": (None, "failed")}
    frame = pd.DataFrame(
        [(key, *reply) for key, reply in replies.items()], columns=["record_id", "response", "status"]
    )
    rated = ratings_of_teacher(frame)
    assert [rating["text_score"] for rating in rated.values()] == [5.0, None, None]
    assert all(rating["expected_score"] is None for rating in rated.values())
    assert rated["0c"]["reply"] is None
