"""Stories as text for a terminal, a line a fact."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from instruction_tuning.lineage.annotation_wording import annotation_text
from instruction_tuning.lineage.shown_texts import quoted, short
from instruction_tuning.text.counting import counted

Story = Mapping[str, Any]
_LISTED = 5
_LEFT_OUT = {
    "tie": "left out, a tie",
    "below_min_margin": "left out, too close in rating (reward_model.min_margin)",
    "beyond_max_pairs": "left out, not drawn (reward_model.max_pairs)",
    "overlength": "left out, too long (reward_model.max_length)",
}


def record_text(story: Story) -> str:
    """One record's way, from its rows to the models."""
    return "\n".join(_record_lines(story)) + "\n"


def model_text(story: Story) -> str:
    """What is behind one model version."""
    return "\n".join(_model_lines(story)) + "\n"


def data_set_text(story: Story) -> str:
    """How one version of a data set was made."""
    return "\n".join(_data_set_lines(story)) + "\n"


def _data_set_lines(story: Story) -> Iterator[str]:
    rows = "" if story["rows"] is None else f", {counted(story['rows'], 'row')}"
    yield f"{story['data_set']} {story['version']}{rows}"
    if story["node"] is None:
        yield "  node        no record says who made it"
    else:
        yield f"  node        {story['node']}, {story['finished_at']}"
    for name, version in story["inputs"].items():
        yield f"  input       {name} {version}"
    yield from _prompt_lines(story["prompts"])


def _prompt_lines(prompts: Sequence[Story]) -> Iterator[str]:
    for prompt in prompts:
        yield f"  prompt      {prompt['name']} {prompt['digest']}, of {prompt['node']}"


def _record_lines(story: Story) -> Iterator[str]:
    yield f"record {story['record_id'] or '(the row never became one)'}"
    for row in story["source"]:
        place = f"{row['file'] or row.get('source', '?')} row {row['row'] + 1}"
        kind = ", ".join(str(row[name]) for name in ("format", "language", "category") if row.get(name))
        yield f"  row         {row['source_row_id']}  {place}  {kind}  -> {row['stage']}"
    first = story["source"][0]
    if story["record_id"]:
        yield f"  licence     {first.get('licence') or 'unknown'}"
    for message in first.get("messages", []):
        yield f"  {message['role']:<11} {short(message['content'])}"
    if first.get("flags"):
        yield f"  flags       {', '.join(first['flags'])}"
    for repair in story["repairs"]:
        changes = ", ".join(repair["repairs"])
        yield f"  repair      {repair['field']}: {changes}; before: {quoted(repair['before'])}"
    yield from _fate_lines(story)
    if story["fate"]["decision"] == "in the pool":
        yield from _selection_lines(story)
        yield from _teacher_lines(story)
        yield from _training_lines(story)
    for annotation in story["annotations"]:
        yield f"  annotation  {annotation_text(annotation, story['record_id'])}"
    for model in story["models"]:
        through = "" if model["through"] == story["record_id"] else f", through its copy {model['through']}"
        gone = f"; cannot be told for {', '.join(model['gone'])}" if model["gone"] else ""
        aliases = "".join(f" @{alias}" for alias in model["aliases"])
        unknown = f"; not known: {', '.join(model['not_known'])}" if model["not_known"] else ""
        parts = ", ".join(model["parts"]) or "?"
        yield f"  model       {model['model']}{aliases}: {parts}{through}{gone}{unknown}"
    if not story["models"]:
        yield "  model       no registered version has it"
    for name, reason in story["not_available"].items():
        yield f"  not stored  {name}: {reason}"
    if story["by_time"]:
        names = ", ".join(story["by_time"])
        yield f"  by time     one run saved these, no record ties them to the others: {names}"


def _fate_lines(story: Story) -> Iterator[str]:
    fate = story["fate"]
    if fate["decision"] == "in the pool":
        yield f"  ingestion   kept, as row {fate['source_row_id']}"
    elif fate["decision"] == "rejected":
        field = f" in {fate['field']}" if fate["field"] else ""
        why = f"{fate['stage']}, {fate['reason']}{field}"
        yield f"  ingestion   rejected: {why}; {short(fate['detail'] or '')}"
        if not story["record_id"]:
            yield f"  raw         {short(fate['raw'])}"
    for item in story["items"]:
        where = "answer" if item["role"] == "assistant" else "prompt"
        what = f"{item['item_id']} of {item['benchmark']}, {item['split']}"
        yield f"  holds item  {what}, in its {where}: {item['rule']}, share {item['share']:.2f}"
    copies = story["copies"]
    for copy in copies[:_LISTED]:
        what = f"{copy['stage']} {copy['source_row_id']} ({copy['source']}), record {copy['record_id']}"
        yield f"  copy        {what}, similarity {copy['similarity']:.3f}"
    if len(copies) > _LISTED:
        yield f"  copy        and {len(copies) - _LISTED} more (--json has all)"


def _selection_lines(story: Story) -> Iterator[str]:
    chosen = story["selection"]
    if not chosen:
        return
    rank = "" if chosen.get("rank") is None else f" with rank {int(chosen['rank'])}"
    score = chosen.get("selection_score")
    told = "" if score is None or score != score else f", score {score:.4f}"
    near = f" (nearest selected {chosen['nearest_selected']})" if chosen.get("nearest_selected") else ""
    reason = chosen.get("reason") or chosen.get("selected_because")
    yield f"  selection   {chosen.get('decision', 'selected')}{rank}{told}{near}: {reason}"


def _teacher_lines(story: Story) -> Iterator[str]:
    teacher = story["teacher"]
    accepted = {answer["response_id"] for answer in story["answers"] if answer["decision"] == "accepted"}
    if teacher["requests"]:
        price = "unknown" if teacher["price_usd"] is None else f"${teacher['price_usd']:.6f}"
        tokens = f"{teacher['prompt_tokens']} + {teacher['completion_tokens']} tokens"
        models = ", ".join(teacher["models"])
        yield f"  teacher     {teacher['requests']} requests to {models}, {tokens}, price {price}"
    yield from _prompt_lines(teacher["prompts"])
    for error in teacher["failed"]:
        yield f"  failed      {short(error)}"
    for row in teacher["responses"]:
        if row["response"] is None:
            continue  # it is among the failed
        taken = " <- taken" if row["response_id"] in accepted else ""
        rating = "none" if row["rating"] is None else f"{row['rating']:g}"
        check = row["check"] + (f" ({short(row['check_detail'])})" if row["check_detail"] else "")
        said = quoted(row["response"])
        yield f"  response    {row['response_id']} rating {rating}, check {check}: {said}{taken}"
    for answer in story["answers"]:
        if answer["decision"] == "accepted":
            parents = ", ".join(answer["parent_ids"])
            yield f"  answer      accepted, from the {answer['origin']}; parents {parents}"
        else:
            yield f"  answer      rejected: {answer['stage']}, {answer['reason']}; {short(answer['detail'])}"


def _training_lines(story: Story) -> Iterator[str]:
    reward = story["reward"]
    for mixture in story["mixture"]:
        yield f"  mixture     {mixture['part']}, as example {mixture['example_id']}{_shortened(mixture)}"
    if not story["mixture"] and any(answer["decision"] == "accepted" for answer in story["answers"]):
        yield "  mixture     in neither training nor validation"
    for pair in reward["pairs"]:
        ratings = f"{pair['chosen_rating']:g} over {pair['rejected_rating']:g}"
        fate = _LEFT_OUT.get(str(pair["reason"]), pair["decision"])
        yield f"  reward pair {pair['pair_id']} ({fate}): {ratings}"
    if reward["best_of_n"]:
        best = min(reward["best_of_n"], key=lambda row: row["rank"])
        yield f"  best of {len(reward['best_of_n'])}   {quoted(best['completion'])}, reward {best['reward']}"


def _shortened(mixture: Story) -> str:
    """What the maximal length did to an example of the training part."""
    if mixture["part"] != "training" or mixture["decision"] == "trained":
        return ""
    if mixture["decision"] is None:
        return "; whether it was cut or dropped for its length is not known"
    return f"; {'not trained on: ' if mixture['decision'] == 'dropped' else ''}{mixture['reason']}"


def _model_lines(story: Story) -> Iterator[str]:
    yield f"{story['model']}" + "".join(f" @{alias}" for alias in story["aliases"])
    for name in ("digest", "command", "git_commit", "base_model"):
        yield f"  {name:<11} {story[name] or 'unknown'}"
    verdict = story["verdict"]
    yield f"  verdict     {verdict['validation_status']} against {verdict['incumbent'] or 'nobody yet'}"
    for row in story["data"]:
        rows = " deleted" if row["deleted"] else "" if row["rows"] is None else f" {row['rows']:,} rows"
        yield f"  data        {row['name']} {row['version']} {row['digest']}{rows}"
    for file in story["raw_files"]:
        yield f"  raw file    {file['file'] or file['source']} {file['sha256']}"
    for part, count in story["parts"].items():
        yield f"  records     {part}: {count:,}"
    for name, counts in story["counts"].items():
        listed = ", ".join(f"{value} {count:,}" for value, count in counts.items())
        yield f"  by {name:<8} {listed}"
    for row in story["teacher"]:
        price = "unknown" if row["price_usd"] is None else f"${row['price_usd']:.4f}"
        yield f"  teacher     {row['model']}, {row['kind']}: {row['requests']:,} requests, price {price}"
    yield from _prompt_lines(story["prompts"])
    for name, value in story["parameters"].items():
        yield f"  parameter   {name} = {short(json.dumps(value, ensure_ascii=False))}"
    for node in story["nodes"]:
        code = f"code {node['code']} of {node['definitions']} definitions"
        yield f"  node        {node['node']}, {node['finished_at']}, {code}"
    for other in story["relatives"]:
        same = f"the same {', '.join(other['same_data'])}" if other["same_data"] else "no data set in common"
        gone = f"; deleted: {', '.join(other['gone'])}" if other["gone"] else ""
        yield f"  relative    {other['model']}: {same}; {other['records_in_both']:,} records in both{gone}"
    for what in story["not_known"]:
        yield f"  not known   {what}: not stored when it was made"
    for name in story["gone"]:
        yield f"  deleted     {name}: what it held cannot be told"
