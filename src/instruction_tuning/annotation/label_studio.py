"""Tasks for Label Studio: of each kind a labelling configuration and a list of tasks to import there.

A task is `{"data": {...}, "predictions": [...]}` (labelstud.io/guide/task_format); `data.task_id` brings the
annotations home. The prediction of a written kind is the text to start from. There the order of a pair cannot
depend on who looks, so it is drawn by task: `data.left_is` says which answer stands on the left.
"""

from collections.abc import Iterable
from typing import Any

from instruction_tuning.annotation.assignment import first_is_left
from instruction_tuning.annotation.tasks import KINDS, WRITTEN, Kind, Task

# Names of the controls, which `result.from_name` repeats.
ANSWER, REASON, PREFERRED, TIE = "answer", "reason", "preferred", "tie"
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


def label_studio_tasks(tasks: Iterable[Task]) -> dict[Kind, list[dict[str, Any]]]:
    """For each kind that there is, the list to import; kinds are projects of their own there."""
    by_kind: dict[Kind, list[dict[str, Any]]] = {}
    for task in tasks:
        by_kind.setdefault(task.kind, []).append(_exported(task))
    return {kind: by_kind[kind] for kind in KINDS if kind in by_kind}


def left_answer(task: Task) -> str:
    """`first` or `second`: which answer of a pair stands on the left there."""
    return "first" if first_is_left(task, 0) else "second"


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
