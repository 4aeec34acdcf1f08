"""What decides whether a text holds an item; parameters_decontamination.yml has the defaults in use."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class NgramRules:
    """`ngram_overlap.py` explains them."""

    ngram_tokens: int = 8
    min_overlap_share: float = 0.8
    max_missing_share: float = 0.05
    max_missing_tokens: int = 3
    min_item_tokens: int = 3
    template_items: int = 10
    template_records: int | None = 10
    templates: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenShareRules:
    """`token_share.py` explains them."""

    min_match_tokens: int = 10
    skipgram_budget: int = 4
    dirty_share: float = 0.8
    clean_share: float = 0.2


Method = Literal["ngram", "token_share"]
