"""What a person did with one task, as a line of text."""

from collections.abc import Mapping
from typing import Any

from instruction_tuning.lineage.shown_texts import quoted, short

Story = Mapping[str, Any]


def annotation_text(annotation: Story, record_id: str) -> str:
    """Who did what, when, and what became of it."""
    names = [name for name in (annotation["before_id"], annotation["other_id"]) if name]
    of = f" of {' and '.join(names)}" if names else ""
    if annotation["record_id"] != record_id:
        of += f", record {annotation['record_id']}"
    when = annotation["at"][:19].replace("T", " ")
    return f"{annotation['kind']}{of} by {annotation['who']}, {when} UTC: {_annotated(annotation)}"


def _annotated(annotation: Story) -> str:
    value, outcome = annotation["value"], annotation["outcome"]
    if value is None:
        return "undone, nothing stands"
    names = {
        "first": annotation["before_id"] or "the first",
        "second": annotation["other_id"] or "the second",
    }
    told = _what_was_said(annotation["before"], value, names)
    if outcome is None:
        return f"{told}; not collected yet: kedro run --pipeline=annotation"
    if "status" in outcome:
        fate = {"gold": f"gold answer {outcome['gold_id']}", "not_chosen": "another's text was taken"}
        told += f"; {fate[outcome['status']]}" if outcome["status"] in fate else ""
    elif not value.get("skipped"):
        told += (
            f"; most people say {names.get(outcome['majority'], outcome['majority'])}"
            if outcome["majority"]
            else "; no majority"
        )
    told += "; in annotated_pairs" if outcome.get("in_annotated_pairs") else ""
    return told + (f"; read again as record {outcome['read_again_as']}" if outcome["read_again_as"] else "")


def _what_was_said(before: str, value: Story, names: Mapping[str, str]) -> str:
    reason = f" ({short(value['reason'])})" if value.get("reason") else ""
    if value.get("skipped"):
        return f"skipped{reason}"
    if "answer" in value:
        unchanged = value["answer"] == before
        return f"left {quoted(before)}" if unchanged else f"{quoted(before)} -> {quoted(value['answer'])}"
    mark = f", mark {value['mark']}" if value.get("mark") else ""
    if "preferred" in value:
        return f"prefers {names.get(value['preferred'], 'neither')}{reason}"
    return f"{value['verdict']}{mark}{reason}"
