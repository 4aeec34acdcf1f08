import pytest

from instruction_tuning.selection.scores.answer_form import ending, format_faults, same_language

PROSE = "The sun is a star. It gives light and warmth to all of the planets that go around it"


@pytest.mark.parametrize(
    "answer",
    [
        "It is a star.",
        "“It is a star.”",
        "Paris",
        "A Short History of Nearly Everything That Ever Happened in the City of Light",
        "太阳是一颗恒星。",
        "1. Wash the apples.\n2. Cut them into slices that are thin enough to cook through in half an hour",
        "Live a little! Life is short, so take every chance that you get and enjoy it all. #CarpeDiem",
        "See the report of the agency. It is at https://example.org/reports/2020/final",
        "def double(x):\n    return 2 * x",
        "```python\nprint(1)\n```",
    ],
)
def test_an_answer_that_ends_has_an_end(answer: str) -> None:
    assert ending(answer) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "There are three reasons for this:",
        "The apples, the pears,",
        "The main cause of the war was the",
        "He was tired because",
        "这件事有以下几个原因：",
        "我们应该保护环境，因为",
        "Use this:\n```python\nprint(1)",
    ],
)
def test_an_answer_that_breaks_off_has_none(answer: str) -> None:
    assert ending(answer) == 0


def test_prose_without_its_last_mark_is_in_doubt() -> None:
    assert ending(PROSE) == 0.5
    assert ending("太阳是一颗恒星。它给围绕它运行的所有行星带来光和热") == 0.5


@pytest.mark.parametrize(
    ("prompt", "answer", "expected"),
    [
        ("What is the sun?", "It is a star.", 1.0),
        ("太阳是什么？", "太阳是一颗恒星。", 1.0),
        ("太阳是什么？", "The sun is a star in the middle.", 0.0),
        ("What is the sun?", "太阳是一颗恒星，给行星带来光。", 0.0),
        ("把这句话翻译成英文：太阳是一颗恒星。", "The sun is one of many stars.", None),
        ("How do you say sun in Chinese?", "太阳是这样说的，请记住。", None),
        ("写一个函数，返回两倍的数。", "def double(number):\n    return 2 * number", None),
        ("三乘以四是多少？", "3 x 4 = 12", None),
        ("推荐一本书。", "War and Peace", None),
        ("What is 3 times 4?", "12", None),
    ],
)
def test_the_language_is_judged_only_where_it_can_be_told(
    prompt: str, answer: str, expected: float | None
) -> None:
    assert same_language(prompt, answer) == expected


@pytest.mark.parametrize(
    ("prompt", "answer", "fault"),
    [
        ("What is the sun?", "A star.\n\n6. Instruction: Name a planet.\n6. Input:", "runs on"),
        ("What is the sun?", "A st\ufffdr.", "replacement character"),
        ("Describe it.", "<no input> It is a star.", "placeholder"),
        ("Return valid JSON with a name.", "The name is Ann.", "no JSON"),
        ("Return valid JSON with a name.", '{"name": Ann}', "no JSON"),
        ("List five colours.", "1. red\n2. blue\n3. green", "3 items of 5"),
        ("请列出四种水果。", "一、苹果\n二、梨", "2 items of 4"),
    ],
)
def test_a_fault_of_format_is_named(prompt: str, answer: str, fault: str) -> None:
    assert any(fault in found for found in format_faults(prompt, answer))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("What is the sun?", "A star."),
        ("Return valid JSON with a name.", 'Here you are:\n```json\n{"name": "Ann"}\n```'),
        ("What is JSON good for?", "For data."),
        ("List five colours.", "red, blue, green, white and black"),
        ("List 2 colours.", "- red\n- blue\n- green"),
        ("Write 3 sentences on the sun.", "1. It is a star.\n2. It is hot."),
    ],
)
def test_what_is_no_fault_is_not_named(prompt: str, answer: str) -> None:
    assert format_faults(prompt, answer) == []
