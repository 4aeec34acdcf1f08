"""Tasks for Label Studio: of each kind a labelling configuration and a list of tasks to import there.

A task is `{"data": {...}, "annotations": [...], "predictions": [...]}` (labelstud.io/guide/task_format);
`data.task_id` brings the annotations home. The prediction of a written kind is the text to start from. There
the order of a pair cannot depend on who looks, so it is drawn by task: `data.left_is` says which answer is on
the left.

What people have done goes along, an annotation for each person with what stands now. Of an annotation that is
imported there Label Studio keeps `result`, `was_cancelled`, `lead_time` and the number in `id`, which becomes
`import_id`; times become its own, and it refuses a `completed_by` that is none of its members. So who, when,
before and after are in `data.events`, which it keeps as it is, and `completed_by` is left out.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from instruction_tuning.annotation.assignment import first_is_left
from instruction_tuning.annotation.event_rows import event_row
from instruction_tuning.annotation.events import Event, current_events
from instruction_tuning.annotation.tasks import KINDS, WRITTEN, Kind, Task
from instruction_tuning.annotation.values import Value, is_skipped

# Names of the controls, which `result.from_name` repeats.
ANSWER, REASON, PREFERRED, TIE = "answer", "reason", "preferred", "tie"
VERDICT, MARK = "verdict", "mark"
TIE_CHOICE = "tie"
_CONVERSATION = """\
  <Paragraphs name="conversation" value="$conversation" nameKey="role" textKey="content"
    layout="dialogue"/>"""
_REASON = '  <TextArea name="reason" toName="conversation" rows="2" maxSubmissions="1" editable="true"'
_WRITTEN = """<View>
  <Header value="{header}"/>
{conversation}
  <Header value="{before}"/>
  <Text name="before" value="$before"/>
  <TextArea name="answer" toName="conversation" rows="12" maxSubmissions="1" editable="true" required="true"/>
</View>
"""
_CONFIGURATIONS: dict[Kind, str] = {
    "rewrite": _WRITTEN.format(
        header="Turn the continuation into a good answer",
        conversation=_CONVERSATION,
        before="What the base model wrote",
    ),
    "correct": _WRITTEN.format(
        header="Mend what is wrong or unclear, and leave the rest",
        conversation=_CONVERSATION,
        before="The model's answer",
    ),
    "review": f"""<View>
  <Header value="Accept what could be trained on as it stands; say why you reject the rest"/>
{_CONVERSATION}
  <Header value="The answer"/>
  <Text name="before" value="$before"/>
  <Choices name="verdict" toName="conversation" choice="single" required="true">
    <Choice value="accept" hotkey="a"/>
    <Choice value="reject" hotkey="r"/>
  </Choices>
  <Rating name="mark" toName="conversation" maxRating="10"/>
{_REASON} whenTagName="verdict" whenChoiceValue="reject" visibleWhen="choice-selected"/>
</View>
""",
    "compare": f"""<View>
  <Header value="Which answer is better? Where they stand says nothing"/>
{_CONVERSATION}
  <Pairwise name="preferred" toName="left,right"/>
  <Text name="left" value="$left"/>
  <Text name="right" value="$right"/>
  <Choices name="tie" toName="conversation" choice="single">
    <Choice value="tie" alias="tie"/>
  </Choices>
{_REASON}/>
</View>
""",
}


def labelling_configuration(kind: Kind) -> str:
    """The XML for the labelling interface of a project with tasks of `kind`."""
    return _CONFIGURATIONS[kind]


def label_studio_tasks(
    tasks: Iterable[Task], events: Iterable[Event] = ()
) -> dict[Kind, list[dict[str, Any]]]:
    """For each kind that there is, the list to import; kinds are projects of their own there.

    `events` are all that people did, in the order in which they were added.
    """
    by_task: dict[str, list[Event]] = {}
    for event in events:
        by_task.setdefault(event.task_id, []).append(event)
    by_kind: dict[Kind, list[dict[str, Any]]] = {}
    for task in tasks:
        done = by_task.get(task.task_id, [])
        row = _exported(task)
        if done:
            row["data"]["events"] = [event_row(event) for event in done]
        by_kind.setdefault(task.kind, []).append(row | {"annotations": _annotations(task, done)})
    return {kind: by_kind[kind] for kind in KINDS if kind in by_kind}


def left_answer(task: Task) -> str:
    """`first` or `second`: which answer of a pair stands on the left there."""
    return "first" if first_is_left(task, 0) else "second"


def annotation_number(event: Event) -> int:
    """The `id` of the annotation that `event` leaves: a whole number, as Label Studio has it, of its key."""
    return int(hashlib.sha256(event.event_key.encode()).hexdigest()[:13], 16)


def _annotations(task: Task, events: Sequence[Event]) -> list[dict[str, Any]]:
    """What stands now of each person, as an export of Label Studio has it."""
    found = []
    for (_, who), event in sorted(current_events(events).items()):
        if event.after is not None:
            number = annotation_number(event)
            found.append(
                {
                    "id": number,
                    "created_username": who,
                    "created_at": min(one.at for one in events if one.who == who),
                    "updated_at": event.at,
                    "lead_time": event.seconds,
                    "was_cancelled": is_skipped(event.after),
                    "ground_truth": False,
                    "result": [
                        {"id": f"{number}-{name}", "from_name": name, "to_name": to, "type": kind}
                        | {"origin": "manual", "value": value}
                        for name, to, kind, value in _regions(task, event.after)
                    ],
                }
            )
    return found


def _regions(task: Task, value: Value) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Control, what it is about, its type and value."""
    about = "conversation"
    if is_skipped(value):
        return []
    if task.kind in WRITTEN:
        return [(ANSWER, about, "textarea", {"text": [value["answer"]]})]
    reason = [(REASON, about, "textarea", {"text": [value["reason"]]})] if value["reason"] else []
    if task.kind == "review":
        mark = [] if value["mark"] is None else [(MARK, about, "rating", {"rating": value["mark"]})]
        return [(VERDICT, about, "choices", {"choices": [value["verdict"]]}), *mark, *reason]
    if value["preferred"] == "tie":
        return [(TIE, about, "choices", {"choices": [TIE_CHOICE]}), *reason]
    side = "left" if value["preferred"] == left_answer(task) else "right"
    return [(PREFERRED, "left,right", "pairwise", {"selected": side}), *reason]


def _exported(task: Task) -> dict[str, Any]:
    data: dict[str, Any] = {"task_id": task.task_id, "kind": task.kind, "conversation": task.messages}
    if task.kind == "compare":
        is_first = left_answer(task) == "first"
        left, right = (task.before, task.other) if is_first else (task.other, task.before)
        return {
            "data": {**data, "left": left, "right": right, "left_is": left_answer(task)},
            "predictions": [],
        }
    predictions = []
    if task.kind in WRITTEN:
        start = {
            "id": f"{task.task_id}-start",
            "from_name": ANSWER,
            "to_name": "conversation",
            "type": "textarea",
            "value": {"text": [task.before]},
        }
        # An empty region cannot be edited there.
        predictions = [{"model_version": "start", "result": [start]}] if task.before.strip() else []
    return {"data": {**data, "before": task.before}, "predictions": predictions}
