"""Code: what a one-line Python function returns, and writing one that does what is described."""

import random
import string
from typing import Any

from instruction_tuning.microworld.skill import Rubric, Skill, Slots
from instruction_tuning.microworld.skills.arithmetic import difference_key, sum_key
from instruction_tuning.microworld.world import World
from instruction_tuning.verification.tiny_programs import run_program

_NUMBER_BODIES = ("x + {k}", "x - {k}")
_CODE_BODIES = ("x[::-1]", "x[0]", "x[-1]", "len(x)", "x[1:]", "x[:-1]")
_LIST_BODIES = ("sorted(x)", "max(x)", "min(x)", "len(x)", "x[0]", "x[-1]")
# The skills that ask the same in words.
_SAME_AS = {
    "x[::-1]": "reverse",
    "x[0]": "first_letter",
    "x[-1]": "last_letter",
    "sorted(x)": "sort",
    "max(x)": "largest",
    "min(x)": "smallest",
}
# What a program does, in English and in Chinese; k is at least 2, so that every task is one of many.
_TASKS = {
    "x + {k}": ("add {k} to x", "把x加{k}"),
    "x - {k}": ("take {k} from x", "把x减{k}"),
    "x * {k}": ("multiply x by {k}", "把x乘{k}"),
    "x[{k}]": ("give item {k} of x", "取x的第{k}项"),
    "x[:{k}]": ("give the first {k} of x", "取x的前{k}项"),
    "x[-{k}:]": ("give the last {k} of x", "取x的后{k}项"),
    "sorted(x)[:{k}]": ("sort x and give the first {k}", "把x排序，取前{k}项"),
    "x[::-1][:{k}]": ("reverse x and give the first {k}", "把x倒序，取前{k}项"),
    "max(x) + {k}": ("add {k} to the largest of x", "把x的最大项加{k}"),
    "len(x) - {k}": ("take {k} from the length of x", "把x的长度减{k}"),
}
_ON_NUMBERS = ("x + {k}", "x - {k}", "x * {k}")
_TWO_STEPS = ("sorted(x)[:{k}]", "x[::-1][:{k}]", "max(x) + {k}", "len(x) - {k}")
_NUMBER_TESTS = (3, 10, 41)
_LIST_TESTS = (
    [5, 3, 8, 1, 9, 2, 7, 4, 6, 0, 11, 10],
    [2, 9, 4, 7, 1, 8, 3, 6, 5, 12, 0, 13],
)


def _draw_run(world: World, rng: random.Random) -> dict[str, str]:
    kind = rng.choice(("number", "code", "list"))
    if kind == "number":
        body = rng.choice(_NUMBER_BODIES).format(k=rng.randint(2, 9))
        return {"body": body, "x": str(rng.randint(10, 89))}
    if kind == "code":
        code = "".join(rng.sample(string.ascii_uppercase, rng.randint(3, 5)))
        return {"body": rng.choice(_CODE_BODIES), "x": f'"{code}"'}
    digits = [rng.randrange(10) for _ in range(rng.randint(3, 4))]
    return {"body": rng.choice(_LIST_BODIES), "x": str(digits)}


def _argument(text: str) -> Any:
    if text.startswith('"'):
        return text.strip('"')
    return [int(part) for part in text.strip("[]").split(", ")] if text.startswith("[") else int(text)


def _solve_run(world: World, slots: Slots) -> dict[str, str]:
    value = run_program(slots["body"], _argument(slots["x"]))
    # A sum is written out with its numbers before it is worked out.
    number = slots["x"].isdigit()
    return {"working": f"{slots['body'].replace('x', slots['x'])} = " if number else "", "answer": str(value)}


def _run_identities(slots: Slots) -> tuple[str, ...]:
    own = f"run_code/{slots['body']}/{slots['x']}"
    _, _, rest = slots["body"].partition(" ")
    if not rest:
        argument = slots["x"].strip('"[]').replace(",", "")
        same = _SAME_AS.get(slots["body"])
        return (own, f"{same}/{argument}") if same else (own,)
    sign, number = rest.split(" ")
    x, k = int(slots["x"]), int(number)
    return (own, sum_key(x, k) if sign == "+" else difference_key(x, k))


def _draw_task(world: World, rng: random.Random) -> dict[str, str]:
    form = rng.choice(list(_TASKS))
    return {"form": form, "k": str(rng.randint(2, 99 if form in _ON_NUMBERS else 9))}


def _draw_write(world: World, rng: random.Random) -> dict[str, str]:
    slots = _draw_task(world, rng)
    return {"task": _TASKS[slots["form"]][0].format(k=slots["k"])}


def _draw_write_chinese(world: World, rng: random.Random) -> dict[str, str]:
    slots = _draw_task(world, rng)
    return {"task": _TASKS[slots["form"]][1].format(k=slots["k"])}


def _body_of(task: str) -> str:
    k = "".join(character for character in task if character.isdigit())
    for form, descriptions in _TASKS.items():
        if k and task in [description.format(k=k) for description in descriptions]:
            return form.format(k=k)
    raise ValueError(f"no program of this world is described by {task!r}")


def other_description(task: str) -> str:
    """The same task in the other language."""
    form = _form_of(_body_of(task))
    english, chinese = (text.format(k="".join(filter(str.isdigit, task))) for text in _TASKS[form])
    return chinese if task == english else english


def _solve_write(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": f"def f(x): return {_body_of(slots['task'])}"}


def _write_rubric(world: World, slots: Slots) -> Rubric:
    body = _body_of(slots["task"])
    inputs = _NUMBER_TESTS if _form_of(body) in _ON_NUMBERS else _LIST_TESTS
    return {"tests": [[value, run_program(body, value)] for value in inputs]}


def _form_of(body: str) -> str:
    digits = "".join(character for character in body.replace("::-1", "") if character.isdigit())
    return body.replace(digits, "{k}")


def _write_identities(slots: Slots) -> tuple[str, ...]:
    return (f"program/{_body_of(slots['task'])}",)


def _write_difficulty(slots: Slots) -> int:
    return 2 if _form_of(_body_of(slots["task"])) in _TWO_STEPS else 1


PROGRAMS = (
    Skill(
        name="run_code",
        use_case="code",
        language="en",
        draw=_draw_run,
        solve=_solve_run,
        slot_patterns={
            "body": r"[a-z]+[a-z0-9 +\[\]():-]*?",
            "x": r"\d{1,2}|\"[A-Z]{2,6}\"|\[\d(?:, \d)+\]",
        },
        identities=_run_identities,
        document_forms=(
            "def f(x): return {body}; f({x}) is| {working}{answer}.",
            "def f(x): return {body} # f({x}) is {working}{answer}",
            "With f = {body}, f({x}) is {working}{answer}.",
        ),
        document_questions=(
            "def f(x): return {body}; f({x})?",
            "f(x) = {body}. Then f({x})?",
        ),
        train_questions=(
            "def f(x): return {body}\n\nWhat is f({x})?",
            "What does f({x}) return?\n\ndef f(x): return {body}",
            "Run f({x}).\n\ndef f(x): return {body}",
            "def f(x): return {body}\n\nGive the value of f({x}).",
        ),
        validation_questions=("def f(x): return {body}\n\nTell me f({x}).",),
        test_questions=(
            "What comes out of f({x})?\n\ndef f(x): return {body}",
            "def f(x): return {body}\n\nWork out f({x}).",
            "Say what f({x}) gives.\n\ndef f(x): return {body}",
        ),
        short_answer="{working}{answer}",
        long_answers=("f({x}) is {working}{answer}.",),
    ),
    Skill(
        name="write_code",
        use_case="code",
        language="en",
        answer_kind="program",
        draw=_draw_write,
        solve=_solve_write,
        rubric=_write_rubric,
        slot_patterns={"task": r"[a-z0-9 ]+?"},
        identities=_write_identities,
        difficulty=_write_difficulty,
        document_forms=(
            "To {task}:| {answer}",
            "# {task}: {answer}",
            "A function to {task}: {answer}",
        ),
        document_questions=("How to {task} in code?", "Code to {task}?"),
        train_questions=(
            "Write a function to {task}.",
            "Write code to {task}.",
            "Give me a function that can {task}.",
            "Please write a program to {task}.",
            "In code, {task}.",
        ),
        validation_questions=("Show me how to {task} in code.",),
        test_questions=(
            "Can you write a function to {task}?",
            "I need code to {task}.",
            "Program this: {task}.",
        ),
        long_answers=("Code: {answer}",),
    ),
    Skill(
        name="write_code_zh",
        use_case="code",
        language="zh",
        answer_kind="program",
        draw=_draw_write_chinese,
        solve=_solve_write,
        rubric=_write_rubric,
        slot_patterns={"task": r"[一-龥x0-9，]+?"},
        identities=_write_identities,
        difficulty=_write_difficulty,
        document_forms=("{task}：|{answer}", "# {task}：{answer}", "函数，{task}：{answer}"),
        document_questions=("代码，{task}？", "{task}，函数？"),
        train_questions=(
            "写一个函数，{task}。",
            "写代码，{task}。",
            "请写函数：{task}。",
            "用代码{task}。",
        ),
        validation_questions=("告诉我代码：{task}。",),
        test_questions=("请问怎么写代码，{task}？", "我要一个函数：{task}。", "用函数{task}。"),
        long_answers=("代码：{answer}",),
    ),
)
