from pathlib import Path

import pytest
from backtranslation_builders import SEGMENTS, roomy_base, segments

from instruction_tuning.errors import FailureRateError
from instruction_tuning.schemas.backtranslation import BacktranslatedCandidates
from instruction_tuning.synthesis.backtranslation import candidates as method
from instruction_tuning.synthesis.backtranslation.candidates import Written, candidates, write_instructions

LIMITS = {"max_instruction_characters": 60, "max_repeated_share": 0.4, "max_rejected_rate": 1.0}


def write(work: Path, texts: dict[str, tuple[str, str]] = SEGMENTS, **changes: int) -> dict[str, Written]:
    settings = {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 6, "seed": 3, "part_size": 2}
    return write_instructions(roomy_base(), texts, form="chat", **{**settings, **changes}, work_folder=work)


def test_a_killed_run_goes_on_and_ends_as_one_that_nothing_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write(tmp_path / "whole")
    sampled, calls = method.sample_continuations, []

    def killed_at_the_second_part(*arguments, **options):
        calls.append(len(arguments[1]))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return sampled(*arguments, **options)

    monkeypatch.setattr(method, "sample_continuations", killed_at_the_second_part)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "killed")
    assert write(tmp_path / "killed") == whole
    assert calls == [2, 2, 2], "the first part is not written again"


def test_a_text_depends_on_its_own_id_and_not_on_the_order(tmp_path: Path) -> None:
    backwards = dict(reversed(SEGMENTS.items()))
    assert write(tmp_path / "one") == write(tmp_path / "other", backwards)
    assert write(tmp_path / "one") != write(tmp_path / "one", seed=4)


def test_a_segment_that_does_not_fit_is_not_cut_but_put_aside(tmp_path: Path) -> None:
    written = write(tmp_path, {"0a": SEGMENTS["0a"], "0e": ("word " * 1000, "en")})
    assert written["0e"]["text"] is None
    assert written["0e"]["problem"][0] == "segment_too_long"


def test_what_is_no_instruction_is_a_row_with_a_reason() -> None:
    texts = {"0a": " \n", "0b": "x" * 61, "0c": SEGMENTS["0c"][0], "0d": "go on and on and on and on and on"}
    written = {key: Written(text=text, problem=None) for key, text in texts.items()}
    frame = candidates(segments(), written, "reverse", **LIMITS)
    BacktranslatedCandidates.validate(frame)
    assert frame["status"].tolist() == ["empty", "too_long", "copied", "repeating"]
    assert frame["reason"].str.len().gt(0).all()
    with pytest.raises(FailureRateError, match="4 of 4 candidate instructions are none"):
        candidates(segments(), written, "reverse", **{**LIMITS, "max_rejected_rate": 0.9})


def test_an_instruction_that_was_cut_off_is_put_aside_before_it_is_looked_at() -> None:
    good = Written(text="Name the last letter of PZDF.", problem=None)
    cut = Written(text="Name the", problem=["cut_off", "8 tokens"])
    frame = candidates(segments(), {"0a": good, "0b": cut, "0c": good, "0d": cut}, "reverse", **LIMITS)
    assert frame["status"].tolist() == ["ok", "cut_off", "ok", "cut_off"]
    assert frame["instruction"].notna().all(), "what was written can be read"
