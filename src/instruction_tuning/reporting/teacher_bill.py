"""Who paid for the answers and ratings of a run: this run, or which earlier ones; and the same in words.

It is said at the end of a run and in MLflow, never in a data set: what nodes make is the same whoever pays.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from instruction_tuning.lm.payments import Payment
from instruction_tuning.text.counting import counted

_MOST_RUNS = 5  # that are named one by one


@dataclass(frozen=True)
class RunPayments:
    """What one run sent and paid; `session` is null where the run is not known, the price where it is not."""

    session: str | None
    requests: int
    price_usd: float | None
    first_day: str
    last_day: str


@dataclass(frozen=True)
class KeptCost:
    """What all requests behind the `kept` records of data set `name` have cost, whichever run paid."""

    name: str
    kept: int
    price_usd: float

    @property
    def each_usd(self) -> float:
        return self.price_usd / self.kept


@dataclass(frozen=True)
class TeacherBill:
    """The requests behind stored answers and ratings, by payer.

    `found` are those that this run did not send; `unknown` of them are in the store no more. `earlier`: the
    payments for them and for attempts that this run had to repeat, the oldest run first. The built-in
    teacher's is play money.
    """

    sent: int
    paid_usd: float | None
    found: int
    unknown: int
    earlier: Sequence[RunPayments]
    is_play_money: bool = False
    kept: Sequence[KeptCost] = ()

    def lines(self) -> list[str]:
        """In words, without line ends."""
        lines = [
            "Who paid the teacher",
            f"  This run sent {counted(self.sent, 'request')}, for {_price(self.paid_usd)}.",
        ]
        if self.found:
            were = "was" if self.found == 1 else "were"
            lines.append(f"  {self.found:,} more {were} found in the store, paid by:")
        elif self.earlier:
            lines.append("  Attempts of earlier runs that had failed, paid by:")
        lines += [
            f"    {_named(run)}: {counted(run.requests, 'request')}, {_price(run.price_usd)}"
            for run in self.earlier[-_MOST_RUNS:]
        ]
        older = _together(self.earlier[:-_MOST_RUNS])
        if older is not None:
            number = counted(len(self.earlier) - _MOST_RUNS, "older run")
            lines.append(f"    {number}: {counted(older.requests, 'request')}, {_price(older.price_usd)}")
        if self.unknown:
            lines.append(f"    {self.unknown:,} of them in the store no more: who paid is not known")
        lines += [
            f"  Each of the {counted(cost.kept, 'record')} in {cost.name} has cost ${cost.each_usd:,.5f}."
            for cost in self.kept
        ]
        if self.is_play_money:
            lines.append("  Nobody was charged: the built-in teacher is booked at a hosted model's price.")
        return lines


def teacher_bill(
    request_ids: Collection[str], payments: Iterable[Payment], *, session: str
) -> TeacherBill | None:
    """The bill for `request_ids` in the run `session`; null where nothing was ever asked. O(requests)."""
    wanted = set(request_ids)
    if not wanted:
        return None
    by_run: dict[str | None, list[Payment]] = {}
    for payment in payments:
        by_run.setdefault(payment.session, []).append(payment)
    own = by_run.pop(session, [])
    sent = {payment.request_id for payment in own}
    known = sent | {payment.request_id for paid in by_run.values() for payment in paid}
    earlier = sorted(
        (_of_run(run, paid) for run, paid in by_run.items()),
        key=lambda run: (run.first_day, run.session or ""),
    )
    return TeacherBill(
        sent=len(own),
        paid_usd=_sum(payment.price_usd for payment in own),
        found=len(wanted - sent),
        unknown=len(wanted - known),
        earlier=earlier,
    )


def _of_run(session: str | None, payments: Sequence[Payment]) -> RunPayments:
    days = sorted(payment.paid_at[:10] for payment in payments)
    return RunPayments(
        session=session,
        requests=len(payments),
        price_usd=_sum(payment.price_usd for payment in payments),
        first_day=days[0],
        last_day=days[-1],
    )


def _together(runs: Sequence[RunPayments]) -> RunPayments | None:
    if not runs:
        return None
    price_usd = _sum(run.price_usd for run in runs)
    return RunPayments(
        None, sum(run.requests for run in runs), price_usd, runs[0].first_day, runs[-1].last_day
    )


def _sum(prices: Iterable[float | None]) -> float | None:
    listed = list(prices)
    known = [price for price in listed if price is not None]
    return sum(known) if len(known) == len(listed) else None


def _price(price_usd: float | None) -> str:
    return "a price that is not known (no token counts)" if price_usd is None else f"${price_usd:,.4f}"


def _named(run: RunPayments) -> str:
    """A session is the time when the run began, so it says the day."""
    if run.session is not None:
        return f"run {run.session}"
    days = run.first_day if run.first_day == run.last_day else f"{run.first_day} to {run.last_day}"
    return f"runs from before their names were kept ({days})"
