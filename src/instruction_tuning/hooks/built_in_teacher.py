"""Whether the built-in teacher can do what a run asks of it.

It knows the questions of its world, and the project's own prompts by their marker lines (`[Instruction]` on
a line of its own). To anything else it says something all the same: a run of nonsense looks like any other.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Node, Pipeline

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.answer_source import TEACHER, TEACHER_KEY, asking_nodes, built_in_endpoints
from instruction_tuning.lm.protocol import Endpoint

# Frames with conversations that a stage which runs alone takes as they are stored.
_STORED = ("instruction_pool", "selected_queries", "verified_examples")
_LOOKED_AT = 100
# Of the pool of its world it knows all, of other records none.
_LEAST_KNOWN_SHARE = 0.5
# By these a judge is asked where there is one, the teacher by all others.
_JUDGED_BY = ("rating", "rating_json", "joint_rating", "evolution_check", "evolution_check_json")
_A_TEACHER_OF_YOURS = "name a {name} of yours in conf/local/globals.yml (docs/your_own_data.md shows how)"

Messages = Sequence[Mapping[str, str]]


def check_built_in_teacher(asked: Pipeline, to_run: Pipeline, catalog: CatalogProtocol[Any, Any]) -> None:
    """Raise `ConfigurationError` where it is to be asked by a prompt that it does not recognise, or about
    stored conversations and files of prompts of another world.

    `asked` is the run as it was asked for, `to_run` what of it may have to run.
    """
    teacher = catalog.load(TEACHER)
    if not (built_in := built_in_endpoints(teacher)):
        return
    asking = [node for node in asking_nodes(to_run, catalog) if _is_asked(node, teacher, built_in, catalog)]
    names = {name for node in asking for name in node.inputs if name.startswith("params:")}
    sections = {name.removeprefix("params:"): catalog.load(name) for name in sorted(names - {TEACHER})}
    for section, parameters in sections.items():
        _check_prompts(section, parameters, teacher, built_in)
        _check_scores(section, parameters, teacher, built_in)
        own_prompts = getattr(parameters, "prompt_files", None)
        if own_prompts is not None and TEACHER_KEY in built_in:
            _check_known(_asked_in(own_prompts), f"{section}.prompt_files", own_prompts, built_in[0])
    for name in sorted(asked.inputs() & set(_STORED)):
        reached = {node.name for node in asked.from_inputs(name).nodes}
        dataset: Any = catalog.get(name)
        if reached & {node.name for node in asking} and hasattr(dataset, "first_rows"):
            conversations = [row["messages"] for row in dataset.first_rows(_LOOKED_AT)]
            _check_known(conversations, name, dataset._filepath, built_in[0])


def _is_asked(node: Node, teacher: Endpoint, built_in: list[str], catalog: CatalogProtocol[Any, Any]) -> bool:
    """Whether the node asks what is built in: a stage may ask nobody but a judge."""
    sections = [catalog.load(name) for name in node.inputs if name.startswith("params:") and name != TEACHER]
    teacher_is = teacher.judge is None or all(getattr(one, "teacher_answers", True) for one in sections)
    return built_in != [TEACHER_KEY] or teacher_is


def _check_prompts(section: str, parameters: object, teacher: Endpoint, built_in: list[str]) -> None:
    names = [
        name
        for name in getattr(parameters, "teacher_prompts", ())
        if (TEACHER_KEY if name not in _JUDGED_BY or teacher.judge is None else "judge") in built_in
    ]
    from instruction_tuning.prompts.files import read_prompt

    for name in names:
        prompt = read_prompt(name)
        if not _is_recognised(prompt.filled_with("English")):
            raise ConfigurationError(
                f"{section} asks by prompts/{name}.txt, which the built-in teacher does not recognise: it "
                "would answer with nonsense",
                file=prompt.path,
                fix="give it back its marker lines, those in square brackets, in their order (git diff shows "
                f"what was changed), or {_A_TEACHER_OF_YOURS.format(name=built_in[0])}",
            )
    if TEACHER_KEY in built_in:
        _check_operations(section, getattr(parameters, "operations", ()))


def _check_scores(section: str, parameters: object, teacher: Endpoint, built_in: list[str]) -> None:
    """It is a program: it has no probabilities of the tokens that it writes."""
    form = getattr(parameters, "rating_form", None)
    judge = TEACHER_KEY if teacher.judge is None else "judge"
    if form is None or judge not in built_in or form.prompt not in getattr(parameters, "teacher_prompts", ()):
        return
    if form.with_top_tokens:
        raise ConfigurationError(
            "the built-in teacher writes its ratings by a rule, and has no probabilities of their tokens",
            field=f"{section}.score_by",
            fix="take parsed_text, or name a judge in conf/local/globals.yml that has them: a server that "
            "gives `top_logprobs`, or a model folder",
        )


def _check_operations(section: str, operations: Iterable[str]) -> None:
    from instruction_tuning.microworld.evolution_operations import operation_of

    for operation in operations:
        if operation_of(f"{operation}:") is None:
            raise ConfigurationError(
                f"the built-in teacher does not know the operation `{operation}` and would write nonsense",
                field=f"{section}.text_operations or code_operations",
                fix=f"take it out, or {_A_TEACHER_OF_YOURS.format(name=TEACHER_KEY)}",
            )


def _is_recognised(request: str) -> bool:
    from instruction_tuning.microworld.teacher import READERS

    return any(read(request) is not None for read in READERS)


def _asked_in(files: Path) -> list[Messages]:
    """The first prompts of `files`; what cannot be read is for the node to say."""
    from instruction_tuning.canonical.cleaning import ReadingRules
    from instruction_tuning.canonical.raw_files import list_raw_files
    from instruction_tuning.canonical.reading import read_outcomes
    from instruction_tuning.canonical.records import CanonicalRecord

    outcomes = read_outcomes(list_raw_files(files), ReadingRules(require_answer=False))
    return [one.messages for one in islice(outcomes, _LOOKED_AT) if isinstance(one, CanonicalRecord)]


def _check_known(conversations: Sequence[Messages], name: str, place: object, built_in: str) -> None:
    known = sum(map(_knows(), conversations))
    if known >= _LEAST_KNOWN_SHARE * len(conversations):
        return
    raise ConfigurationError(
        f"the built-in teacher knows only its invented world, and {known} of the first {len(conversations)} "
        f"prompts of `{name}`: what it says of the others is nonsense",
        file=place,
        field=f"{built_in}.base_url",
        fix=f"{_A_TEACHER_OF_YOURS.format(name=built_in)}, or take prompts of its world",
    )


def _knows() -> Any:
    """Whether a teacher without faults has an answer to a conversation."""
    from instruction_tuning.microworld.teacher import NONSENSE, Teacher, TeacherFaults
    from instruction_tuning.microworld.world import build_world

    teacher = Teacher(build_world(), TeacherFaults(error_rate=0.0), seed=0)

    def knows(messages: Messages) -> bool:
        asked = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
        while asked and asked[-1]["role"] != "user":
            asked.pop()
        return bool(asked) and teacher.reply(asked, 0, 0) not in NONSENSE

    return knows
