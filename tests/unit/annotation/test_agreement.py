import pytest
from annotation_builders import a_task

from instruction_tuning.annotation.agreement import agreement, people_table
from instruction_tuning.annotation.annotations import Annotation
from instruction_tuning.reporting.agreement_figure import agreement_figure
from instruction_tuning.reporting.agreement_report import agreement_report
from instruction_tuning.schemas.annotator_agreement import AnnotatorAgreement

AT = "2026-01-02T03:04:05.000000+00:00"


def reviews(*rows, kind="review", shown=None):
    """One row a task: what Ada, Bo, … said of it, null where they did not."""
    annotations = []
    for number, row in enumerate(rows):
        task = a_task(kind, asked=f"Question {number}?", position=number)
        for who, value in zip(("Ada", "Bo", "Chen"), row, strict=False):
            if value is not None:
                annotations.append(Annotation(task, who, AT, value, 10.0 + number, shown))
    return annotations


def verdict(word, mark=None):
    return {"verdict": word, "mark": mark, "reason": "" if word == "accept" else "no"}


def measured(annotations):
    frame = AnnotatorAgreement.validate(agreement(annotations, seed=0))
    return frame.set_index(["question", "people", "measure"]).sort_index()


TWO = reviews(
    *[(verdict("accept", 8), verdict("accept", 9))] * 20,
    *[(verdict("accept", 7), verdict("reject", 3))] * 5,
    *[(verdict("reject", 2), verdict("accept", 6))] * 10,
    *[(verdict("reject", 1), verdict("reject", None))] * 15,
    (verdict("accept", 5), None),
)


def test_two_people_get_kappa_alpha_and_raw_agreement_on_what_both_did():
    rows = measured(TWO)
    together = rows.loc["review_verdict", "all"]
    assert together.loc["raw_agreement", "estimate"] == pytest.approx(0.7)
    assert together.loc["cohen_kappa", "estimate"] == pytest.approx(0.4)
    assert together.loc["krippendorff_alpha", "tasks"] == 50
    assert rows.loc[("review_verdict", "Ada & Bo", "cohen_kappa"), "estimate"] == pytest.approx(0.4)
    marks = rows.loc["review_mark", "all"]
    assert marks.loc["krippendorff_alpha", "tasks"] == 35 and "cohen_kappa" not in marks.index


def test_three_people_get_kappa_by_pairs_only():
    yes, no = verdict("accept"), verdict("reject")
    rows = measured(reviews((yes, yes, no), (no, no, no)))
    assert "cohen_kappa" not in rows.loc["review_verdict", "all"].index
    assert rows.loc[("review_verdict", "Ada & Bo", "cohen_kappa"), "estimate"] == 1.0
    assert rows.loc[("review_verdict", "Ada & Chen", "raw_agreement"), "estimate"] == 0.5


def test_one_person_alone_and_nobody_leave_it_unknown():
    rows = measured(reviews((verdict("accept"),), (verdict("reject"),)))
    assert rows["estimate"].isna().all() and (rows["tasks"] == 0).all()
    assert agreement([], seed=0).empty


def test_texts_are_compared_by_words_and_skipped_tasks_are_missing():
    rows = measured(
        reviews(
            ({"answer": "it is four"}, {"answer": "it is 4"}),
            ({"answer": "x"}, {"skipped": True}),
            kind="correct",
        )
    )
    row = rows.loc[("correct", "all", "text_similarity")]
    assert row["estimate"] == pytest.approx(2 / 3) and row["tasks"] == 1


def test_how_often_the_left_one_was_chosen_is_told():
    first, second = ({"preferred": word, "reason": ""} for word in ("first", "second"))
    annotations = reviews((first,), (first,), (second,), (first,), kind="compare", shown="first")
    row = measured(annotations).loc[("comparison", "all", "left_choice_rate")]
    assert row["estimate"] == 0.75 and row["low"] < 0.75 < row["high"] + 1e-9


def test_the_report_has_a_row_a_person_and_a_measure_and_takes_no_markup_from_names():
    renamed = [Annotation(**{**vars(one), "who": "A|<b>da"}) if one.who == "Ada" else one for one in TWO]
    report = agreement_report(agreement(renamed, seed=0), people_table(renamed))
    assert r"| A\|\<b\>da | 51 | 0 | 35 |  |" in report
    assert "| accept or reject | all | Cohen's kappa | 50 | 0.40 [" in report
    assert "Nobody has annotated" in agreement_report(agreement([], seed=0), people_table([]))


@pytest.mark.parametrize("annotations", [TWO, [], reviews((verdict("accept"),))])
def test_the_figure_is_drawn_whatever_is_known(annotations):
    frame = agreement(annotations, seed=0)
    figure = agreement_figure(frame)
    assert sum(len(trace.x) for trace in figure.data) == int(frame["estimate"].notna().sum())
    figure.to_json()
