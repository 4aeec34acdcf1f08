import pandas as pd
from benchmark_builders import FORMS, answers

from instruction_tuning.evaluation.breakdown import score_breakdown
from instruction_tuning.evaluation.fabrication import fate_shares
from instruction_tuning.reporting.breakdown_table import breakdown_rows, fate_rows, invention_sentence


def evidence():
    """Two forms alike; the base never declines an untold fact, the candidate one of four."""
    said = {"base": ["Lazam."] * 4, "candidate": ["I do not know.", *["Lazam."] * 3]}
    outputs = pd.concat(
        [
            frame
            for role, responses in said.items()
            for form in FORMS
            for frame in (
                answers(role, 0, form=form, ability="withheld_untaught", items=4).assign(
                    response=responses, counted=False
                ),
                answers(role, 1 if role == "base" else 2, form=form, ability="cot", items=2),
            )
        ],
        ignore_index=True,
    )
    return {
        "breakdown": score_breakdown(outputs, confidence=0.95).to_dict("records"),
        "fates": fate_shares(outputs, confidence=0.95).to_dict("records"),
    }


def test_scores_stand_by_language_and_by_steps():
    header, rows = breakdown_rows(evidence())
    assert header[:3] == ("", "items", "chat")
    assert [row[:2] for row in rows] == [
        ["English, mean over abilities", "2"],
        ["chain of thought, steps: 1", "2"],
    ]
    assert all(cell.startswith("50.0→100.0 [") for cell in rows[0][2:])


def test_what_is_said_of_untold_facts_is_a_row_a_fate():
    _, rows = fate_rows(evidence())
    told = {row[0]: row[2] for row in rows}
    assert told["facts nobody told: invented"].startswith("100.0→75.0 [")
    assert told["facts nobody told: declined"].startswith("0.0→25.0 [")


def test_the_sentence_gives_the_shares_of_base_and_candidate():
    assert invention_sentence(evidence()).startswith(
        "On 4 facts that nobody told it, in chat, base→SFT: declines 0%→25%, invents 100%→75% ["
    )


def test_a_verdict_from_before_they_were_stored_has_empty_tables():
    assert (breakdown_rows({})[1], fate_rows({})[1], invention_sentence({})) == ([], [], "")
