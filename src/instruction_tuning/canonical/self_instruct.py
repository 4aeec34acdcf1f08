"""Self-Instruct rows: a task with its instances.

Seed tasks have `instances: [{input, output}]`. The generator's own files have `raw_instances`, the model's
text, in which "Input:" and "Output:", or for classification "Class label:", mark the parts; finished sets
(`instruction`, `input`, `output`) are Alpaca's form.

A task with several instances becomes one conversation in which the instruction is asked again with every
input, so that a row stays one record and nothing is lost; the record is flagged.
"""

import re
from collections.abc import Mapping

from instruction_tuning.canonical.conversation import (
    Conversation,
    Part,
    Turn,
    missing,
    optional_text,
    shown,
    text_field,
)
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import printable
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.turns import structure_field

INSTANCES_ASKED_IN_TURN = "instances_asked_in_turn"
RAW_INSTANCES_SPLIT = "raw_instances_split"

_EXAMPLE = re.compile(r"^\s*Example\s*\d*\s*[.:]?\s*$", re.MULTILINE)
_INPUT = re.compile(r"^\s*Input\s*\d*\s*:", re.MULTILINE)
_OUTPUT = re.compile(r"^\s*Output\s*\d*\s*:", re.MULTILINE)
_CLASS_LABEL = re.compile(r"^\s*Class label\s*:", re.MULTILINE)


def self_instruct_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """A question and an answer an instance, in the row's order."""
    instruction = text_field(fields, "instruction")
    if isinstance(instruction, Fault):
        return instruction
    name = "instances" if "instances" in fields else "raw_instances"
    pairs = _listed(fields) if name == "instances" else _generated(fields)
    if isinstance(pairs, Fault):
        return pairs
    asked = Part("instruction", instruction)
    if not pairs:
        question = Turn("user", (asked,))
        return Fault("empty_answer", name, "no instance") if require_answer else Conversation((question,))
    turns = [
        turn
        for given, answer in pairs
        for turn in (Turn("user", (asked, given)), Turn("assistant", (answer,)))
    ]
    changes = (INSTANCES_ASKED_IN_TURN,) if len(pairs) > 1 else ()
    if name == "raw_instances":
        changes = (*changes, RAW_INSTANCES_SPLIT)
    repairs = (Repair(name, changes, printable(str(fields[name]))),) if changes else ()
    return Conversation(tuple(turns), repairs)


def _listed(fields: Mapping[str, object]) -> list[tuple[Part, Part]] | Fault:
    instances = structure_field(fields, "instances")
    if not isinstance(instances, list):
        return Fault("wrong_type", "instances", shown(instances))
    pairs = []
    for position, instance in enumerate(instances):
        place = f"instances[{position}]"
        if not isinstance(instance, dict):
            return Fault("wrong_type", place, shown(instance))
        given, answer = optional_text(instance, "input"), text_field(instance, "output")
        for name, text in (("input", given), ("output", answer)):
            if isinstance(text, Fault):
                return Fault(text.reason, f"{place}.{name}", text.detail)
        pairs.append((Part(f"{place}.input", str(given)), Part(f"{place}.output", str(answer))))
    return pairs


def _generated(fields: Mapping[str, object]) -> list[tuple[Part, Part]] | Fault:
    if "raw_instances" not in fields:
        return missing(fields, "instances")
    text = text_field(fields, "raw_instances")
    if isinstance(text, Fault):
        return text
    found = split_instances(text)
    return [(Part("raw_instances.input", given), Part("raw_instances.output", said)) for given, said in found]


def split_instances(text: str) -> list[tuple[str, str]]:
    """Input and output of each instance in a model's text: labels first, or examples.

    >>> split_instances("Class label: odd\\nInput: 3")
    [('Input: 3', 'odd')]
    """
    labelled = _CLASS_LABEL.split(text)[1:]
    if labelled:
        return [(given, label) for label, _, given in (piece.strip().partition("\n") for piece in labelled)]
    return [_split(example) for example in _EXAMPLE.split(text) if example.strip()]


def _split(example: str) -> tuple[str, str]:
    """Input and output of one generated example; a text without marks is all output."""
    given, *outputs = _OUTPUT.split(example, maxsplit=1)
    if not outputs:
        return "", example
    return _INPUT.sub("", given, count=1), _INPUT.split(outputs[0], maxsplit=1)[0]
