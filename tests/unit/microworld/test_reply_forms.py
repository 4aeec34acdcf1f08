"""The built-in teacher's replies in the form of a schema."""

import json

import pandas as pd
import pytest

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import NO_NUMBER, Teacher, TeacherFaults
from instruction_tuning.microworld.teacher_server import completion
from instruction_tuning.microworld.world import build_world
from instruction_tuning.synthesis.evol_instruct import check_requests
from instruction_tuning.verification.rating import rating_requests
from instruction_tuning.verification.rating_form import RatingForm


def said(request: ChatRequest, **faults: float) -> str:
    teacher = Teacher(build_world(), TeacherFaults(**{"unparseable_rate": 0.0, **faults}), seed=0)
    reply = completion(teacher, request.body("m", missing=1, part=0))
    return reply["choices"][0]["message"]["content"]


def rating(structured_output: bool) -> ChatRequest:
    question = [{"role": "user", "content": "What is 3 + 4?"}]
    asked = pd.DataFrame({"record_id": ["r"], "sample_index": [0], "messages": [question], "response": ["7"]})
    form = RatingForm(structured_output=structured_output)
    return rating_requests(asked, temperature=0.0, max_tokens=64, seed=1, form=form)[0]


def test_a_rating_is_said_by_the_schema_and_by_a_line_without_one() -> None:
    assert said(rating(False), rating_noise=0.0).startswith("Rating: ")
    request = rating(True)
    reply = said(request, rating_noise=0.0)
    assert request.schema is not None and request.schema.misfit(reply) is None
    number = int(said(rating(False), rating_noise=0.0).removeprefix("Rating: "))
    assert RatingForm(structured_output=True).mark(reply) == number


def test_a_rating_that_it_does_not_say_does_not_fit() -> None:
    request = rating(True)
    reply = said(request, unparseable_rate=1.0)
    assert reply == NO_NUMBER
    assert request.schema is not None and "not JSON" in str(request.schema.misfit(reply))


@pytest.mark.parametrize("equal", [True, False])
def test_a_comparison_is_said_by_the_schema(equal: bool) -> None:
    questions = [item["question"] for item in benchmark_items(build_world(), 2)]
    first, second = questions[0], questions[0 if equal else 1]
    row = {"evolution_id": "e", "parent_instruction": first, "instruction": second, "status": None}
    (request,) = check_requests(
        pd.DataFrame([row]), temperature=0.0, max_tokens=32, seed=1, structured_output=True
    )
    reply = said(request, error_rate=0.0)
    assert request.schema is not None and request.schema.misfit(reply) is None
    assert json.loads(reply) == {"equal": equal, "answerable": True}
