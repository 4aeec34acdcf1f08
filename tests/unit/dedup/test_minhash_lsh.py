import random
import time
from itertools import pairwise

import numpy as np
import pytest

from instruction_tuning.dedup.clusters import Pairs
from instruction_tuning.dedup.minhash_lsh import near_duplicates
from instruction_tuning.text.tokens import tokens

PASSAGE = (
    "The old lighthouse keeper walked down to the harbour every morning, bought two rolls from the baker, "
    "fed the gulls with one of them, and climbed the ninety steps before the first ship had passed the rock."
)


def dropped(*texts, **rule):
    """Position of each dropped text -> the one that stays, and their similarity."""
    found = near_duplicates(texts, **rule)
    return {int(place): (int(found.kept_for[place]), found.similarity[place]) for place in found.dropped()}


def jaccard(left, right):
    """Of tokens and pairs of neighbours, from the sets themselves."""
    one, other = ({*cut, *pairwise(cut)} for cut in (tokens(left), tokens(right)))
    return len(one & other) / len(one | other)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("What is 47 plus 25?", "what is 47 plus 25"),
        ("Reverse the word balit.", "Please reverse the word balit!"),
        ("47加25是多少？", "请问47加25是多少呢"),
        (
            "Summarise this.\n\n" + PASSAGE,
            "Summarise this.\n\n" + PASSAGE.replace("every morning", "early every morning"),
        ),
    ],
)
def test_another_wording_of_the_same_request_is_a_near_duplicate(left, right):
    found = dropped(left, right)
    assert list(found) == [1] and found[1][0] == 0 and found[1][1] >= 0.8


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("What is 47 plus 25?", "What is 48 plus 25?"),
        ("What is 47 plus 25?", "What is 25 plus 47?"),
        ("What is 47 - 25?", "What is 47 + 25?"),
        ("Take the word balit and write it backwards.", "Take the word balut and write it backwards."),
        (
            "In the atlas, which city is the capital of Varland?",
            "In the atlas, which city is the capital of Norland?",
        ),
        ("How many A are in ABBA?", "How many B are in ABBA?"),
        ("沃兰的首都是哪里？", "沃里的首都是哪里？"),
        ("Summarise this.\n\n" + PASSAGE, "Translate this.\n\n" + PASSAGE),
        ("Summarise this.\n\n" + PASSAGE, "Summarise this in French.\n\n" + PASSAGE),
        (
            "Summarise this.\n\n" + PASSAGE,
            "Summarise this.\n\n" + PASSAGE.replace("had passed", "had not passed"),
        ),
        ("Summarise this.\n\n" + PASSAGE, "Summarise this.\n\n" + PASSAGE + " 3"),
        ("???", "!!!"),
    ],
)
def test_a_replaced_item_is_another_request(left, right):
    assert not dropped(left, right)


def test_texts_in_different_contexts_are_no_duplicates():
    assert not dropped("Go on.", "Go on.", contexts=["whales", "tides"])
    assert dropped("Go on.", "Go on.", contexts=["whales", "whales"])


def test_many_long_prompts_of_one_template_are_told_apart_in_time():
    start = PASSAGE.replace(",", "") + " Which of the four cities on the rock is the capital of "
    texts = [
        f"{start} Land{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}?" for n in range(2000)
    ]
    started = time.process_time()
    assert not dropped(*texts)
    assert time.process_time() - started < 5


def test_without_the_guard_jaccard_alone_decides():
    left, right = "Summarise this.\n\n" + PASSAGE, "Translate this.\n\n" + PASSAGE
    assert list(dropped(left, right, content_guard=False)) == [1]
    assert not dropped(left, right, content_guard=False, threshold=0.99)


def test_there_are_no_chains_every_dropped_text_duplicates_one_that_stays():
    words = [f"w{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(8)]
    texts = [" ".join(words[:length]) for length in range(40, 60)]
    found = dropped(*texts)
    assert found
    for position, (kept, similarity) in found.items():
        assert kept not in found
        assert jaccard(texts[position], texts[kept]) == pytest.approx(similarity) and similarity >= 0.8


def test_lsh_finds_what_comparing_all_pairs_finds():
    rng = random.Random(7)
    vocabulary = [f"{a}{b}x" for a in "bcdfgh" for b in "aeiou"]
    texts = []
    for _ in range(60):
        words = rng.choices(vocabulary, k=40)
        texts.append(" ".join(words))
        for changes in (1, 2):
            copy = list(words)
            for _ in range(changes):
                copy[rng.randrange(40)] = "other"
            texts.append(" ".join(copy))
    expected: set[int] = set()
    for later in range(len(texts)):
        earlier = (e for e in range(later) if e not in expected)
        if any(jaccard(texts[later], texts[e]) >= 0.8 for e in earlier):
            expected.add(later)
    assert set(dropped(*texts, content_guard=False)) == expected and len(expected) > 50


def test_five_word_windows_are_those_of_the_published_method():
    words = [f"w{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(8)]
    changed = [*words[:30], "other", *words[31:]]
    windows = [{tuple(cut[i : i + 5]) for i in range(60)} for cut in (words, changed)]
    expected = len(windows[0] & windows[1]) / len(windows[0] | windows[1])
    found = dropped(" ".join(words), " ".join(changed), content_guard=False, shingle_tokens=[5])
    assert found == {1: (0, pytest.approx(expected))} and 0.8 < expected < 0.9


def test_pairs_of_another_kind_decide_only_where_words_do_not():
    texts = ["Name a colour.", "name a colour", "Give me the name of any hue."]
    alike = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([0.97, 0.96]))
    found = near_duplicates(texts, semantic=alike)
    assert found.kept_for.tolist() == [-1, 0, 0]
    assert found.kind.tolist() == ["", "near_duplicate", "semantic_duplicate"]
    assert found.similarity[1:].tolist() == [1.0, 0.96]
    apart = near_duplicates(texts, contexts=["a", "a", "b"], semantic=alike)
    assert apart.kept_for.tolist() == [-1, 0, -1]


def test_the_number_of_threads_changes_nothing(monkeypatch):
    texts = [(PASSAGE + " ") * 40 + f"{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(300)]
    rule = {"content_guard": False, "shingle_tokens": [5]}
    found = near_duplicates(texts, **rule)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2, 3, 4})
    again = near_duplicates(texts, **rule)
    assert len(found.dropped()) > 100
    assert found.kept_for.tolist() == again.kept_for.tolist()


def test_nothing_and_texts_without_words_are_no_duplicates():
    assert near_duplicates([]).kept_for.tolist() == []
    assert near_duplicates([], content_guard=False).kept_for.tolist() == []
    assert near_duplicates(["...", "", "...", "!"], content_guard=False).kept_for.tolist() == [-1] * 4
