import pytest

from instruction_tuning.answering.direct import system_prompts
from instruction_tuning.answering.use_case import asks_for_program, use_case_of
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.seeds import substream


def test_programs_are_asked_for_in_every_phrasing_of_the_world_and_by_no_other_skill() -> None:
    world = build_world()
    for skill in SKILLS:
        slots = skill.item(world, substream(1, skill.name), "train")
        for question in (*skill.train_questions, *skill.test_questions):
            asked = question.format(**slots)
            assert asks_for_program({"prompt": asked}) == (skill.answer_kind == "program"), asked


@pytest.mark.parametrize(
    ("query", "use_case"),
    [
        ({"prompt": "Tell me of rain.", "category": "coding"}, "code"),
        ({"prompt": "What is 2 plus 3?"}, "math"),
        ({"prompt": "计算圆的面积"}, "math"),
        ({"prompt": "Tell me of rain.", "category": None}, "general"),
    ],
)
def test_the_use_case_is_the_records_own_or_read_from_the_prompt(
    query: dict[str, str], use_case: str
) -> None:
    assert use_case_of(query) == use_case


def test_each_use_case_has_its_own_style() -> None:
    import pandas as pd

    queries = pd.DataFrame(
        {
            "record_id": ["m", "c", "g"],
            "prompt": ["What is 2 plus 3?", "Write a function f.", "Tell me of rain."],
        }
    )
    styles = system_prompts(queries, "by_use_case")
    assert len(set(styles.values())) == 3
    assert "####" in styles["m"] and "fenced" in styles["c"]
    assert system_prompts(queries, False) == {}
    assert len(set(system_prompts(queries, True).values())) == 1
