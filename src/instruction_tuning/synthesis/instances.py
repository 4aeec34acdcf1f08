"""Examples of a task (input and output) read from a reply, and what keeps one out.

Self-Instruct (arXiv 2212.10560), sections 2.2 and 2.3 and its code: for classification the label comes first
and then an input for it, otherwise the input comes first. An output equal to its input, an empty output, a
text that ends with a colon, and the last example of a reply that was cut off are out; where one input has
several outputs, the whole task is; exact copies count once; at most five are kept. O(characters).
Departures: of more than five the first are kept, where the published code draws; a bare "None" or "N/A" is
no input and no output.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from instruction_tuning.canonical.self_instruct import split_instances

_NOTHING = frozenset(
    ("", "none", "n/a", "na", "noinput", "no input", "nooutput", "no output", "无", "无输入", "无输出")
)
_INPUT_MARK = re.compile(r"^\s*Input\s*\d*\s*:", re.IGNORECASE)
_COLONS = (":", "：")
# A plain model goes on with a task of its own.
_NEXT_TASK = re.compile(r"^\s*Task\s*\d*\s*:", re.MULTILINE)
_EXAMPLE = re.compile(r"^\s*(?:Example|Output|Class label)\b.*:|^\s*Example\s*\d+", re.MULTILINE)


class Instance(NamedTuple):
    """An example, and why it is out (null: it is in)."""

    input: str
    output: str
    drop_reason: str | None = None


def read_instances(reply: str, *, label_first: bool, is_cut_off: bool, most: int) -> list[Instance]:
    """All examples of `reply` in order, the bad ones with a reason; none where it holds no mark.

    >>> read_instances("Input: 3\\nOutput: odd", label_first=False, is_cut_off=False, most=5)
    [Instance(input='3', output='odd', drop_reason=None)]
    """
    text = _NEXT_TASK.split(reply, maxsplit=1)[0]
    if not _EXAMPLE.search(text) or (label_first and "Class label" not in text):
        return []
    # A label that was left out leaves the line with the input in its place.
    found = [
        Instance(_without_mark(output), "")
        if _INPUT_MARK.match(output)
        else Instance(_without_mark(given), _something(output))
        for given, output in split_instances(text)
    ]
    # Where a next task follows, the last example of this one had come to its end.
    last = len(found) - 1 if text == reply else len(found)
    checked = [
        instance._replace(drop_reason=_fault(instance, is_cut_off and number == last))
        for number, instance in enumerate(found)
    ]
    return _among_each_other(checked, most)


def instance_fault(given: str, output: str) -> str | None:
    """What is wrong with a single example."""
    return _fault(Instance(given, output), False)


def without_placeholder(text: str) -> str:
    """`text` trimmed, empty where it only says that there is nothing."""
    return _something(text)


def _without_mark(given: str) -> str:
    return _something(_INPUT_MARK.sub("", given, count=1))


def _something(text: str) -> str:
    trimmed = text.strip()
    return "" if trimmed.strip("<>[]().。 ").casefold() in _NOTHING else trimmed


def _fault(instance: Instance, is_cut_off: bool) -> str | None:
    if is_cut_off:
        return "cut_off"
    if not instance.output:
        return "empty_output"
    if instance.input == instance.output:
        return "output_is_input"
    return "ends_with_colon" if any(text.endswith(_COLONS) for text in instance[:2]) else None


def _among_each_other(instances: Iterable[Instance], most: int) -> list[Instance]:
    listed = list(instances)
    outputs: defaultdict[str, set[str]] = defaultdict(set)
    for instance in listed:
        if instance.drop_reason is None and instance.input:
            outputs[instance.input].add(instance.output)
    contradicts = any(len(said) > 1 for said in outputs.values())
    seen: set[tuple[str, str]] = set()
    checked = []
    for instance in listed:
        reason = instance.drop_reason
        if reason is None:
            pair = (instance.input, instance.output)
            if contradicts:
                reason = "contradicting_outputs"
            elif pair in seen:
                reason = "copied_example"
            elif len(seen) == most:
                reason = "surplus"
            else:
                seen.add(pair)
        checked.append(instance._replace(drop_reason=reason))
    return checked
