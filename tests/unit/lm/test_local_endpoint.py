"""A model folder in the place of a server: asked, stored and paid for alike."""

import shutil

import pytest
from chat_requests import asking
from training_builders import CONTEXT, tiny_base

from instruction_tuning.errors import FailureRateError, ModelFolderError
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.clients import check_endpoint
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.completions import CompletionLimits, complete_all
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.schemas.teacher_completions import TeacherCompletions


def local() -> Endpoint:
    return Endpoint(base_url=f"local:{tiny_base().path}", model="tiny")


def chats(count: int, samples: int = 2) -> list[ChatRequest]:
    return asking(count, samples=samples, max_tokens=6, temperature=1.0)


def test_a_model_folder_answers_like_a_server_and_is_stored_like_one(store):
    frame = complete_all(
        local(),
        chats(4),
        store,
        CompletionLimits(max_failure_rate=1.0),
    )
    TeacherCompletions.validate(frame)
    assert frame["model"].unique().tolist() == [f"tiny@{tiny_base().digest}"]
    assert frame["usage_reported"].all() and (frame["prompt_tokens"].sum() > 0)
    ok = frame[frame["status"] == "ok"]
    assert len(ok) and ok["finish_reason"].isin(["stop", "length"]).all()
    assert store.count("ok") == ok["request_id"].nunique()


def test_an_answer_does_not_depend_on_what_was_asked_beside_it(tmp_path):
    def asked(requests, name):
        with CompletionStore(tmp_path / name) as store:
            return complete_all(local(), requests, store, CompletionLimits(max_failure_rate=1.0))

    together = asked(chats(3), "together")
    alone = [asked([request], f"alone{number}") for number, request in enumerate(chats(3))]
    assert together["response"].tolist() == [text for frame in alone for text in frame["response"]]


def test_what_is_stored_is_found_by_the_weights_and_not_by_the_place(store, tmp_path):
    limits = CompletionLimits(max_failure_rate=1.0)
    first = complete_all(local(), chats(4, samples=1), store, limits)
    answered = [row for row, status in enumerate(first["status"]) if status == "ok"]
    assert answered  # random weights say nothing at times, and that is asked for again
    moved = shutil.copytree(tiny_base().path, tmp_path / "moved")
    elsewhere = Endpoint(base_url=f"local:{moved}", model="tiny")
    again = complete_all(elsewhere, [chats(4, samples=1)[row] for row in answered], store, limits)
    assert again.equals(first.loc[answered].reset_index(drop=True))
    assert elsewhere.content_identity()["model"] == local().content_identity()["model"]


def test_a_prompt_that_does_not_fit_is_a_failed_row(store):
    too_long = asking(1, max_tokens=CONTEXT)
    with pytest.raises(FailureRateError, match="more than the model's context"):
        complete_all(local(), too_long, store, CompletionLimits())
    assert store.count("failed") == 1


def test_a_folder_that_is_no_model_is_named_before_anything_is_asked(store, tmp_path):
    nothing = Endpoint(base_url=f"local:{tmp_path}", model="none")
    with pytest.raises(ModelFolderError, match="lacks"):
        check_endpoint(nothing)
    with pytest.raises(ModelFolderError, match="lacks"):
        complete_all(nothing, asking(1), store, CompletionLimits())
    check_endpoint(local())
