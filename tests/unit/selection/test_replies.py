import pandas as pd

from instruction_tuning.selection.replies import marks_by_record


def test_marks_stand_by_record_id_with_how_they_were_read() -> None:
    completions = pd.DataFrame(
        {"record_id": ["a", "b", "c"], "response": ["4", "four", None], "status": ["ok", "ok", "failed"]},
        index=[7, 8, 9],
    )
    marks = marks_by_record(completions, lambda reply: 4.0 if reply == "4" else None, name="mark_score")
    assert marks.index.name == "record_id" and marks.columns.tolist() == ["mark_score", "status"]
    assert marks["mark_score"].isna().tolist() == [False, True, True] and marks.loc["a", "mark_score"] == 4
    assert marks["status"].to_dict() == {"a": "ok", "b": "unparseable", "c": "failed"}
