"""How many bands of how many rows: the S-curve of locality-sensitive hashing.

With b bands of r rows each, two texts whose shingle sets have Jaccard similarity s become candidates with
probability P(s) = 1 - (1 - s^r)^b (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4;
2107.06499, appendix A). The curve is steepest near (1/b)^(1/r), the threshold of the index. Candidates are
verified, so that P below the similarity asked for costs time only, while 1 - P above it is what goes unfound.

Of the settings that fit into the permutations, `derived` takes the most rows whose recall at the similarity
asked for is enough: that is the fewest false candidates.
"""

from dataclasses import dataclass

SHOWN_SIMILARITIES = (0.6, 0.8, 0.85, 0.9)


@dataclass(frozen=True)
class LshSettings:
    """Bands of rows: `bands * rows` permutations."""

    bands: int
    rows: int

    @property
    def permutations(self) -> int:
        """How many values a signature has."""
        return self.bands * self.rows

    @property
    def threshold(self) -> float:
        """The similarity (1/b)^(1/r) at which the curve is steepest."""
        return float((1 / self.bands) ** (1 / self.rows))

    def candidate_probability(self, similarity: float) -> float:
        """P(s): how often two texts of that similarity become candidates.

        >>> round(LshSettings(bands=21, rows=6).candidate_probability(0.8), 4)
        0.9983
        """
        return float(1 - (1 - similarity**self.rows) ** self.bands)

    def in_words(self) -> str:
        """The settings with the curve, for logs and pages."""
        curve = ", ".join(f"{self.candidate_probability(s):.4f} at {s:g}" for s in SHOWN_SIMILARITIES)
        return (
            f"{self.bands} bands of {self.rows} rows ({self.permutations} permutations), steepest at "
            f"{self.threshold:.2f}; a pair becomes a candidate with probability {curve}"
        )


def derived(
    permutations: int,
    similarity: float,
    min_recall: float,
    *,
    bands: int | None = None,
    rows: int | None = None,
) -> LshSettings:
    """The settings for a wanted recall, or the given ones where they have it.

    Bands of equal rows may leave some of the permutations unused; they are then not made. Raises
    `ValueError` naming the keys where bands * rows is not `permutations`, and where the recall at
    `similarity` would be below `min_recall`.
    """
    if bands is None and rows is None:
        return _fewest_false_candidates(permutations, similarity, min_recall)
    if bands is not None and rows is not None and bands * rows != permutations:
        raise ValueError(
            f"bands ({bands}) times rows ({rows}) is {bands * rows}, not permutations ({permutations}): "
            "leave out bands and rows to have them derived, or make them fit"
        )
    given = bands if bands is not None else rows
    assert given is not None
    if permutations % given:
        name = "bands" if bands is not None else "rows"
        raise ValueError(
            f"permutations ({permutations}) is no multiple of {name} ({given}): leave out bands and rows to "
            "have them derived from threshold and min_recall"
        )
    other = permutations // given
    settings = LshSettings(bands or other, rows or other)
    recall = settings.candidate_probability(similarity)
    if recall < min_recall:
        raise ValueError(
            f"bands ({settings.bands}) of rows ({settings.rows}) find a pair at the threshold "
            f"({similarity:g}) with probability {recall:.3f}, below min_recall ({min_recall:g}): fewer rows "
            "and more bands find more; leave them out to have them derived"
        )
    return settings


def _fewest_false_candidates(permutations: int, similarity: float, min_recall: float) -> LshSettings:
    for rows in range(permutations, 0, -1):
        settings = LshSettings(permutations // rows, rows)
        if settings.candidate_probability(similarity) >= min_recall:
            return settings
    raise ValueError(
        f"no bands of {permutations} permutations find a pair at the threshold ({similarity:g}) with "
        f"probability min_recall ({min_recall:g}): give more permutations, or a lower min_recall"
    )
