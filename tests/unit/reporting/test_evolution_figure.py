import pandas as pd

from instruction_tuning.reporting.evolution_figure import evolution_figure


def rows(*given: tuple[int, str | None, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(given, columns=["round", "operation", "status", "reason"])
    return frame.astype({"operation": "str", "reason": "str"}).assign(kind="text")


EVOLVED = rows(
    (0, None, "seed", None),
    (0, None, "seed", None),
    (0, None, "seed", None),
    (1, "deepen", "kept", None),
    (1, "deepen", "dropped", "declined"),
    (1, None, "stopped", "not_mastered"),
)


def test_fates_shares_by_operation_and_reasons_are_counted() -> None:
    figure = evolution_figure(EVOLVED)
    fates = {trace.name: list(trace.y) for trace in figure.data[:4]}
    assert fates == {"kept": [1], "dropped": [1], "failed": [0], "stopped": [1]}
    shares = figure.data[4]
    assert list(shares.y) == ["text, deepen"] and shares.z.tolist() == [[50.0]]
    assert [list(row) for row in shares.text] == [["50% of 2"]]
    reasons = dict(zip(figure.data[5].y, figure.data[5].x, strict=True))
    assert reasons == {"declined": 1, "not mastered": 1}


def test_no_round_at_all_is_an_empty_figure() -> None:
    assert evolution_figure(EVOLVED.head(3)).layout.meta["title"] == "Evolution of instructions"
