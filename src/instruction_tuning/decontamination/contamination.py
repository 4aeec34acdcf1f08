"""Which records of a pool hold items of evaluation sets, by one of two methods."""

from collections.abc import Sequence

from instruction_tuning.decontamination.items import EvaluationItem, Findings, PoolTexts
from instruction_tuning.decontamination.ngram_overlap import ngram_matches
from instruction_tuning.decontamination.rules import Method, NgramRules, TokenShareRules
from instruction_tuning.decontamination.token_share import token_share_matches


def find_items(
    texts: PoolTexts,
    items: Sequence[EvaluationItem],
    *,
    method: Method,
    ngram: NgramRules,
    token_share: TokenShareRules,
) -> Findings:
    """All pairs of a text and an item that it holds, by text and item."""
    if method == "token_share":
        return token_share_matches(texts, items, token_share)
    return ngram_matches(texts, items, ngram)
