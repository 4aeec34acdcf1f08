from dataclasses import replace

import pytest

from instruction_tuning.lm.payments import Payment
from instruction_tuning.reporting.teacher_bill import teacher_bill

NOW = "2024-05-09T07.08.09.123Z"


def payment(request_id: str, session: str | None, price_usd: float | None = 0.5, day="2024-05-01") -> Payment:
    return Payment(request_id, session, price_usd, f"{day} 07:08:09")


def bill(request_ids: str, *payments: Payment):
    return teacher_bill(list(request_ids), payments, session=NOW)


def words(*args) -> str:
    return " ".join("\n".join(bill(*args).lines()).split())


def test_a_run_that_sends_all_pays_all():
    assert words("ab", payment("a", NOW), payment("b", NOW)) == (
        "Who paid the teacher This run sent 2 requests, for $1.0000."
    )


def test_what_earlier_runs_paid_is_told_run_by_run_the_oldest_first():
    text = words(
        "abc",
        payment("b", "2024-05-03T00.00.00.000Z", day="2024-05-03"),
        payment("a", "2024-05-02T00.00.00.000Z", day="2024-05-02"),
        payment("c", NOW, 0.25),
    )
    assert "This run sent 1 request, for $0.2500. 2 more were found in the store, paid by:" in text
    assert text.endswith(
        "run 2024-05-02T00.00.00.000Z: 1 request, $0.5000 run 2024-05-03T00.00.00.000Z: 1 request, $0.5000"
    )


def test_every_request_is_either_sent_or_found():
    made = bill("abcd", payment("a", NOW), payment("a", "before"), payment("b", "before"))
    assert (made.sent, made.found, made.unknown) == (1, 3, 2)
    assert [(run.session, run.requests) for run in made.earlier] == [("before", 2)]


def test_attempts_that_failed_are_told_where_nothing_else_was_found():
    text = words("a", payment("a", "2024-05-02T00.00.00.000Z"), payment("a", NOW))
    assert "Attempts of earlier runs that had failed, paid by: run 2024-05-02" in text


def test_a_price_that_one_payment_lacks_is_not_made_up():
    text = words("ab", payment("a", NOW, None), payment("b", "2024-05-02T00.00.00.000Z"))
    assert "This run sent 1 request, for a price that is not known (no token counts)." in text
    assert "1 request, $0.5000" in text


def test_runs_without_a_name_are_known_by_their_days():
    text = words("ab", payment("a", None, day="2024-04-01"), payment("b", None, day="2024-04-03"))
    assert "runs from before their names were kept (2024-04-01 to 2024-04-03): 2 requests, $1.0000" in text


def test_many_runs_are_summed_up():
    days = [f"2024-04-0{day}" for day in range(1, 8)]
    text = words("abcdefg", *(payment(key, day, day=day) for key, day in zip("abcdefg", days, strict=True)))
    assert text.count("run 2024-04-0") == 5 and "run 2024-04-02:" not in text
    assert "2 older runs: 2 requests, $1.0000" in text


def test_what_the_store_has_lost_is_said():
    assert "1 of them in the store no more" in words("ab", payment("a", "2024-05-02T00.00.00.000Z"))


@pytest.mark.parametrize("payments", [(), (payment("z", NOW),)])
def test_where_nothing_was_asked_there_is_no_bill(payments):
    assert bill("", *payments) is None


def test_play_money_is_called_so():
    booked = replace(bill("a", payment("a", NOW)), is_play_money=True)
    assert "Nobody was charged" in booked.lines()[-1]
    assert "Nobody was charged" not in words("a", payment("a", NOW))
