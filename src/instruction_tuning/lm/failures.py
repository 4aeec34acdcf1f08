"""The failures of a run of requests, by reason."""

from collections import defaultdict


class Failures:
    """A request that lacks some of its samples counts by their share."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._by_reason: dict[str, float] = defaultdict(float)

    def add(self, reason: str, *, share: float = 1.0) -> None:
        """One more request failed, in full or by a `share` of its samples."""
        self._by_reason[reason] += share

    @property
    def count(self) -> float:
        return sum(self._by_reason.values())

    def exceed(self, rate: float) -> bool:
        """Whether more than `rate` of all requests failed."""
        return self.count > rate * self._total

    def __str__(self) -> str:
        commonest = sorted(self._by_reason.items(), key=lambda item: -item[1])[:3]
        reasons = "; ".join(f"{_number(count)} × {reason}" for reason, count in commonest)
        return f"{_number(self.count)} of {self._total} requests failed: {reasons}"


def _number(count: float) -> str:
    return f"{round(count, 2):.10g}"
