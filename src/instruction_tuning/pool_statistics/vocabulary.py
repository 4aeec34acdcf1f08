"""Words of a set of texts: how many kinds, how varied, how frequent, and which tell two sets apart.

Type-token ratios fall with the length of a text, so that of two sets only the mean over windows of the same
length can be compared (mean-segmental TTR, Johnson 1944; windows of 100 words). Words are those of
`text.tokens`: a Chinese character is a word of its own. Log-odds with an informative Dirichlet prior say
which words are typical of one of two sets (Monroe, Colaresi and Quinn 2008, eq. 16, 22): z = (d_l - d_r) /
sqrt(1/(l + a) + 1/(r + a)), where d is the log-odds of the word in a set with the prior's counts a added;
the prior is both sets together, scaled to `prior_words` words. O(words); of the texts only counts are kept.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from instruction_tuning.text.tokens import tokens

WINDOW = 100
PRIOR_WORDS = 1000.0


@dataclass
class Vocabulary:
    """Counts of the words of many texts. `window_types` is the sum of kinds over `windows` windows of
    WINDOW words."""

    counts: Counter[str] = field(default_factory=Counter)
    windows: int = 0
    window_types: int = 0

    @property
    def words(self) -> int:
        """All words, repetitions included."""
        return self.counts.total()

    def summary(self) -> dict[str, float]:
        """Words, kinds, their ratio, its mean over windows, and the share of kinds that occur once.

        Ratios of nothing are left out.
        """
        result = {"words": float(self.words), "types": float(len(self.counts))}
        if self.words:
            result["type_token_ratio"] = len(self.counts) / self.words
            result["once_rate"] = sum(count == 1 for count in self.counts.values()) / len(self.counts)
        if self.windows:
            result["type_token_ratio_per_100"] = self.window_types / (self.windows * WINDOW)
        return result

    def frequencies(self) -> pd.DataFrame:
        """`word`, `count`, the most frequent first: row n has rank n + 1."""
        rows = sorted(self.counts.items(), key=lambda entry: (-entry[1], entry[0]))
        return pd.DataFrame(rows, columns=["word", "count"]).astype({"word": "str", "count": "int64"})


def vocabulary(texts: Iterable[str]) -> Vocabulary:
    """Count the words of `texts`; windows run over the ends of texts, so that short ones count too."""
    result = Vocabulary()
    rest: list[str] = []
    for text in texts:
        words = tokens(text)
        result.counts.update(words)
        rest += words
        if len(rest) >= WINDOW:
            full = len(rest) // WINDOW
            for window in range(full):
                result.window_types += len(set(rest[window * WINDOW : (window + 1) * WINDOW]))
            result.windows += full
            del rest[: full * WINDOW]
    return result


def typical_words(
    left: Vocabulary, right: Vocabulary, *, at_least: int = 10, prior_words: float = PRIOR_WORDS
) -> pd.DataFrame:
    """Words that occur `at_least` so often in both sets together, with `left` and `right` counts and `z`.

    A positive z is typical of the left set; the most typical of the left first.
    """
    both = left.counts + right.counts
    words = sorted(word for word, count in both.items() if count >= at_least)
    in_left = np.array([left.counts[word] for word in words], dtype=np.float64)
    in_right = np.array([right.counts[word] for word in words], dtype=np.float64)
    if words:
        prior = (in_left + in_right) * prior_words / both.total()
        z = _log_odds(in_left, prior, left.words, prior_words) - _log_odds(
            in_right, prior, right.words, prior_words
        )
        z /= np.sqrt(1 / (in_left + prior) + 1 / (in_right + prior))
    else:
        z = np.zeros(0)
    frame = pd.DataFrame(
        {
            "word": pd.Series(words, dtype="str"),
            "left": in_left.astype(np.int64),
            "right": in_right.astype(np.int64),
            "z": z,
        }
    )
    return frame.sort_values(["z", "word"], ascending=[False, True], ignore_index=True)


def _log_odds(counts: np.ndarray, prior: np.ndarray, words: int, prior_words: float) -> np.ndarray:
    return np.log(counts + prior) - np.log(words + prior_words - counts - prior)
