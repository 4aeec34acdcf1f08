"""Whatever graph and edit: the nodes that must run do, no other, and the results are a full run's."""

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workshop import Step, Workshop

MEANINGFUL = ("constant", "helper", "default", "parameter", "node", "decorate")
IRRELEVANT = ("comment", "docstring", "formatting", "unused function", "other parameter", "touch")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Step, ...]:
    steps = []
    for index in range(draw(st.integers(1, 5))):
        parents = draw(st.sets(st.integers(0, index - 1), max_size=2)) if index else set()
        steps.append(Step(tuple(sorted(parents)), draw(st.booleans()), draw(st.booleans())))
    read = {parent for step in steps for parent in step.parents}
    # What nobody reads and nothing stores would be made in every run.
    return tuple(
        Step(step.parents, step.in_memory and index in read, step.coarse) for index, step in enumerate(steps)
    )


def apply(workshop: Workshop, edit: str, index: int) -> None:
    match edit:
        case "constant":
            workshop.edit("tools", f"SCALE_{index} = 3", f"SCALE_{index} = 4")
        case "helper":
            workshop.edit("tools", f"x * SCALE_{index} + offset", f"x * SCALE_{index} + offset + 1")
        case "default":
            workshop.edit("tools", f"tool_{index}(x, offset=1)", f"tool_{index}(x, offset=2)")
        case "parameter":
            workshop.parameters[f"p{index}"] += 1
        case "node":
            workshop.edit(
                f"step_{index}", f"tool_{index}(total + parameter)", f"tool_{index}(total - parameter)"
            )
        case "decorate":
            workshop.edit(f"step_{index}", f"\ndef step_{index}(", f"\n@noted\ndef step_{index}(")
        case "comment":
            workshop.edit("tools", "# A comment.", "# Another, longer comment.\n    # In two lines.")
        case "docstring":
            workshop.edit("tools", '"""A docstring."""', '"""What it does."""')
        case "formatting":
            workshop.edit(
                "tools", f"x * SCALE_{index} + offset", f"(\n        x * SCALE_{index}\n        + offset)"
            )
        case "unused function":
            workshop.edit(
                "tools", f"def unused_{index}(x):\n    return x", f"def unused_{index}(x):\n    return -x"
            )
        case "other parameter":
            workshop.parameters["another"] = workshop.parameters.get("another", 0) + 1
        case "touch":
            for file in workshop.folder.rglob("*"):
                os.utime(file)


def expected(steps: tuple[Step, ...], edited: int, before: list[int], after: list[int]) -> set[str]:
    """What has an edited definition or an input of other content; in memory the producer's key counts."""
    changed_key = {}
    for index, step in enumerate(steps):
        changed_key[index] = index == edited or any(
            changed_key[parent] if steps[parent].in_memory else before[parent] != after[parent]
            for parent in step.parents
        )
    runs = {index for index, step in enumerate(steps) if changed_key[index] and not step.in_memory}
    for index in reversed(range(len(steps))):
        if index in runs:
            runs |= {parent for parent in steps[index].parents if steps[parent].in_memory}
    return {f"shop.step_{index}" for index in runs}


def values(steps: tuple[Step, ...], edit: str | None, edited: int) -> list[int]:
    """What each node makes, computed beside the project."""
    made: list[list[int]] = []
    for index, step in enumerate(steps):

        def on(name: str, here: int = index) -> bool:
            return edit == name and here == edited

        total = sum(sum(made[parent]) for parent in step.parents) if step.parents else 3
        parameter = index + 1 + on("parameter")
        argument = total - parameter if on("node") else total + parameter
        value = argument * (4 if on("constant") else 3) + (2 if on("default") else 1) + on("helper")
        made.append([value // 2 if step.coarse else value, 1])
    return [value for value, _ in made]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=graphs(), edit=st.sampled_from(MEANINGFUL), place=st.integers(0, 4))
def test_a_meaningful_edit_runs_exactly_what_depends_on_it(graph, edit, place):
    edited = place % len(graph)
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder, "project"), graph)
        workshop.run()
        assert workshop.run() == set()
        apply(workshop, edit, edited)
        fresh = workshop.copy_to(Path(folder, "fresh"))
        ran = workshop.run()
        assert ran == expected(graph, edited, values(graph, None, edited), values(graph, edit, edited))
        fresh.run(force=True)
        assert workshop.results() == fresh.results()
        assert workshop.run() == set()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=graphs(), edit=st.sampled_from(IRRELEVANT), place=st.integers(0, 4))
def test_an_irrelevant_edit_runs_nothing(graph, edit, place):
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder, "project"), graph)
        workshop.run()
        first = workshop.results()
        apply(workshop, edit, place % len(graph))
        assert workshop.run() == set()
        assert workshop.results() == first
