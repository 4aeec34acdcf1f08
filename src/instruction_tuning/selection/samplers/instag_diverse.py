"""Complexity-first diverse sampling: the records of most tags first, and in each pass only new tags.

InsTag (arXiv 2308.07074): sort by the number of tags; go through the records again and again, each time with
an empty set of covered tags; take a record that adds a tag to it, and remove it from the pool; until there
are N.

The passes need not be made. In a pass every remaining record leaves its tags covered, be it taken or not, so
it adds tag t exactly where it is the first remaining record with t: where all earlier ones with t went in
earlier passes. Hence

    pass_i = min_{t in tags_i} (1 + max_{j before i, t in tags_j} pass_j)        max of none: 0

and one look at each record, in order of score, gives all passes: O(N log N + E) for E tags on all records,
whatever the budget. The loop over a Python list takes O(N) for each pick. The picks are the same.
Departures: the score is handed over (the paper's is `tag_count_score`), and equal scores go to the smaller
record id. A record without tags, on which the loop would run for ever, comes after all that have some, by
score.
"""

from collections.abc import Iterator

import pandas as pd

from instruction_tuning.selection.samplers.inputs import check_sampler_inputs, needed
from instruction_tuning.selection.samplers.reason_rows import reason_rows
from instruction_tuning.selection.samplers.score_order import NO_SCORE, by_score, name_of, shown
from instruction_tuning.selection.tags.tag_lists import TagList, tag_lists
from instruction_tuning.selection.tags.tag_words import named_tags

_UNTAGGED = "its tags are not known, or it has none"


def instag_diverse(scores: pd.Series, features: pd.DataFrame | None, budget: int, *, seed: int) -> list[str]:
    """Record ids, pass by pass, in each the highest of `scores` (N,) first; equal scores by record id.

    `features` has a column `tags`, lists of texts matched by id. A record without a score is never picked,
    one without tags (empty or null) after all others. `seed` is not used: nothing is left to chance.
    """
    check_sampler_inputs(scores, None, budget)
    order, lists = _tagged_by_score(scores, features)
    passes = [number for number, _ in _passes(lists)]
    last = len(order) + 1
    places = sorted(
        range(len(order)), key=lambda place: passes[place] or last
    )  # stable: by score within a pass
    return [order[place] for place in places[:budget]]


def instag_diverse_reasons(
    picks: list[str], scores: pd.Series, features: pd.DataFrame | None, *, seed: int
) -> pd.DataFrame:
    """(N, 4) the pass and the tags added, or the last pass that left the record; see reason_rows.py.

    `nearest_selected` of a record that was left is one that covered a tag of its in that pass.
    """
    order, lists = _tagged_by_score(scores, features)
    places = {record: place for place, record in enumerate(order)}
    passes, values, name = list(_passes(lists)), scores.to_dict(), name_of(scores)
    taken = {places[record] for record in picks}
    end = places[picks[-1]] if picks else -1  # place of the last pick
    last = max((passes[place][0] for place in taken), default=0)
    coverers: dict[int, dict[str, str]] = {last - 1: {}, last: {}}  # tag -> the record that added it
    reasons, nearest = dict.fromkeys(scores.index, NO_SCORE), {}
    for place, (record, tags) in enumerate(zip(order, lists, strict=True)):
        number, added = passes[place]
        if place in taken:
            coverers.get(number, {}).update(dict.fromkeys(added, record))
            reasons[record] = (
                f"taken in pass {number}: adds {named_tags(added)}"
                if added
                else f"taken after all records with tags: {_UNTAGGED}"
            )
            continue
        standing = f"left: {name} {shown(values[record])}, place {place + 1} of {len(order)}"
        if not tags:
            reasons[record] = f"{standing}, but {_UNTAGGED}, and such records come last"
            continue
        # The last pass may have ended before this record's turn.
        reached = last if place < end else last - 1
        if reached < 1:
            reasons[record] = f"{standing}; the budget of {len(picks)} ended in pass 1 before its turn"
            continue
        nearest[record] = coverers[reached][tags[0]]
        reasons[record] = (
            f"{standing}; in pass {reached} records before it had covered {named_tags(tags)} "
            f"({tags[0]}: {nearest[record]}), and in pass {last} the budget of {len(picks)} ended"
        )
    return reason_rows(picks, scores, reasons, nearest)


def _tagged_by_score(scores: pd.Series, features: pd.DataFrame | None) -> tuple[list[str], list[TagList]]:
    """The records with a score, the highest first, and the tags of each."""
    order = by_score(scores)
    return order, tag_lists(needed(features, "instag_diverse", "tags"), order)


def _passes(lists: list[TagList]) -> Iterator[tuple[int, list[str]]]:
    """The pass that takes each record, from 1, and the tags that it adds there; 0 and none without tags."""
    last_pass: dict[str, int] = {}  # of the records so far that have the tag
    for tags in lists:
        if not tags:
            yield 0, []
            continue
        before = [last_pass.get(tag, 0) for tag in tags]
        least = min(before)
        added = [tag for tag, number in zip(tags, before, strict=True) if number == least]
        last_pass.update(dict.fromkeys(added, least + 1))
        yield least + 1, added
