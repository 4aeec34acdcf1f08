"""Texts of a pool that hold an item's tokens: the share of them in long matches.

Llama 2's rule (2307.09288, appendix A.6): a token of an item is contaminated when it lies in a match of
more than `min_match_tokens` tokens with a training text. A match may differ at `skipgram_budget`
places, none of them among its first `min_match_tokens` tokens and none at its end. An item is dirty
from `dirty_share` of contaminated tokens on and clean below `clean_share`.

The paper measures items against a whole corpus; here a record has to be kept or not, so a record is
taken out for an item whose `dirty_share` it holds alone, and what all records hold together is reported
beside it. Tokens are words (the paper: those of its tokenizer), the options of a multiple choice are
part of the item, and there is no stop-list: that items made from one template match each other's is the
price of this rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from instruction_tuning.decontamination.items import (
    TOKEN_SHARE,
    EvaluationItem,
    Findings,
    Match,
    PoolTexts,
)
from instruction_tuning.decontamination.rules import TokenShareRules
from instruction_tuning.decontamination.token_ids import (
    GramTable,
    Vocabulary,
    chunk_of,
    chunks,
)
from instruction_tuning.text.tokens import tokens

_Places = dict[int, list[tuple[int, int]]]  # n-gram -> item and where in it


def token_share_matches(
    texts: PoolTexts, items: Sequence[EvaluationItem], rules: TokenShareRules
) -> Findings:
    """Every text that holds `dirty_share` of an item's tokens, by text and item; and the share of each item
    that all texts hold together."""
    cut = [tokens(item.text()) for item in items]
    vocabulary = Vocabulary(cut)
    encoded = [vocabulary.encode(sequence) for sequence in cut]
    covered = [np.zeros(len(sequence), bool) for sequence in cut]
    matches = []
    for text, item, mask in _matched_tokens(texts, encoded, vocabulary, rules):
        covered[item] |= mask
        share = float(mask.mean())
        if share >= rules.dirty_share - 1e-9:
            matches.append(Match(text, item, TOKEN_SHARE, share))
    too_short = {item for item, sequence in enumerate(cut) if len(sequence) <= rules.min_match_tokens}
    shares = {item: float(mask.mean()) for item, mask in enumerate(covered) if item not in too_short}
    return Findings(sorted(matches, key=lambda match: (match.text, match.item)), frozenset(too_short), shares)


def _matched_tokens(
    texts: PoolTexts, encoded: Sequence[list[int]], vocabulary: Vocabulary, rules: TokenShareRules
) -> Iterator[tuple[int, int, np.ndarray]]:
    """Text, item, and which of the item's tokens are in a match with the text, (T,) bool."""
    table, places = _seeds(encoded, rules.min_match_tokens)
    for chunk in chunks(texts.texts, texts.records, vocabulary):
        grams, starts = table.find(chunk)
        owners = chunk.owners[starts]
        order = np.argsort(owners, kind="stable")
        bounds = np.flatnonzero(np.diff(owners[order], prepend=-1))
        for begin, end in zip(bounds, np.append(bounds[1:], len(order))[: len(bounds)], strict=True):
            owner = int(owners[order[begin]])
            first, last = np.searchsorted(chunk.owners, [owner, owner + 1])
            text = chunk.ids[first:last].tolist()
            hits = order[begin:end]
            seeds = zip(grams[hits].tolist(), (starts[hits] - first).tolist(), strict=True)
            for item, diagonals in _diagonals(seeds, places).items():
                mask = np.zeros(len(encoded[item]), bool)
                for shift, begins in diagonals.items():
                    for low, high in _spans(text, encoded[item], shift, begins, rules):
                        mask[low:high] = True
                yield chunk.first + owner, item, mask


def _seeds(encoded: Sequence[list[int]], size: int) -> tuple[GramTable, _Places]:
    chunk = chunk_of(encoded)
    hashes, starts = chunk.grams(size)
    table = GramTable(size, hashes)
    begins = np.searchsorted(chunk.owners, np.arange(len(encoded)))
    places: _Places = defaultdict(list)
    for gram, start in zip(table.positions(hashes).tolist(), starts.tolist(), strict=True):
        owner = int(chunk.owners[start])
        places[gram].append((owner, start - int(begins[owner])))
    return table, places


def _diagonals(seeds: Iterator[tuple[int, int]], places: _Places) -> dict[int, dict[int, list[int]]]:
    """item -> how far the text is ahead of it -> where in the item exact stretches begin, ascending."""
    found: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for gram, in_text in seeds:
        for item, in_item in places[gram]:
            found[item][in_text - in_item].append(in_item)
    return found


def _spans(
    text: list[int], item: list[int], shift: int, begins: Sequence[int], rules: TokenShareRules
) -> Iterator[tuple[int, int]]:
    """The matches on one diagonal, from and to which token of the item; each begins with an exact stretch."""
    done = 0
    for begin in sorted(begins):
        if begin < done:
            continue
        end = place = begin + rules.min_match_tokens
        budget = rules.skipgram_budget
        while place < len(item) and place + shift < len(text):
            if item[place] == text[place + shift]:
                end = place + 1
            elif budget == 0:
                break
            else:
                budget -= 1
            place += 1
        if end - begin > rules.min_match_tokens:
            yield begin, end
            done = end - rules.min_match_tokens + 1
