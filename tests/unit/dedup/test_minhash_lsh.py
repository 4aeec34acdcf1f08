import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.dedup.minhash_lsh import jaccard, near_duplicates, shingles
from instruction_tuning.text.tokens import tokens

PASSAGE = (
    "The old lighthouse keeper walked down to the harbour every morning, bought two rolls from the baker, "
    "fed the gulls with one of them, and climbed the ninety steps before the first ship had passed the rock."
)


def dropped(*texts, **rule):
    return near_duplicates(texts, range(len(texts)), **rule)


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
    assert list(found) == [1] and found[1].kept == 0 and found[1].similarity >= 0.8


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
    started = time.monotonic()
    assert not dropped(*texts)
    assert time.monotonic() - started < 5


def test_without_the_guard_jaccard_alone_decides():
    left, right = "Summarise this.\n\n" + PASSAGE, "Translate this.\n\n" + PASSAGE
    assert list(dropped(left, right, content_guard=False)) == [1]
    assert not dropped(left, right, content_guard=False, threshold=0.99)


def test_there_are_no_chains_every_dropped_text_duplicates_one_that_stays():
    words = [f"w{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(8)]
    texts = [" ".join(words[:length]) for length in range(40, 60)]
    found = dropped(*texts)
    assert found
    for position, duplicate in found.items():
        assert duplicate.kept not in found
        assert jaccard(shingles(tokens(texts[position])), shingles(tokens(texts[duplicate.kept]))) >= 0.8


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_does_not_matter(seed):
    rng = random.Random(seed)
    vocabulary = [f"word{chr(97 + index)}" for index in range(26)]
    base = [" ".join(rng.choices(vocabulary, k=30)) for _ in range(4)]
    texts = [
        " ".join(word for word in rng.choice(base).split() if rng.random() > 0.04) + f" {number % 3}"
        for number in range(24)
    ]
    worth = list(range(24))
    rng.shuffle(worth)  # worth[k]: the text that is k-th most worth keeping
    kept = {texts[p] for p in range(24) if p not in near_duplicates(texts, worth)}
    shuffled = list(range(24))
    rng.shuffle(shuffled)  # shuffled[p]: the text now in row p
    row_of = {text: row for row, text in enumerate(shuffled)}
    again = near_duplicates([texts[text] for text in shuffled], [row_of[text] for text in worth])
    assert {texts[shuffled[row]] for row in range(24) if row not in again} == kept


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
    sets = [shingles(tokens(text)) for text in texts]
    expected: set[int] = set()
    for later in range(len(texts)):
        earlier = (e for e in range(later) if e not in expected)
        if any(jaccard(sets[later], sets[e]) >= 0.8 for e in earlier):
            expected.add(later)
    assert set(dropped(*texts, content_guard=False)) == expected and len(expected) > 50
