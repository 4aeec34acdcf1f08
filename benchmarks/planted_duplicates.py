"""Documents with planted copies whose true similarity is known, and how well they were found."""

import random
import re
from itertools import pairwise
from pathlib import Path

WINDOW = 5
POSITIVE_FROM, NEGATIVE_TO = 0.85, 0.6
BINS = [0.0, 0.3, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0]


def sentences(folder: Path | None, rng: random.Random) -> list[str]:
    if folder is None or not (folder / "english_novels").is_dir():
        words = [
            "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(20_000)
        ]
        weights = [1 / rank for rank in range(1, len(words) + 1)]
        return [" ".join(rng.choices(words, weights, k=rng.randint(6, 30))) + "." for _ in range(60_000)]
    import pandas as pd

    texts = []
    for name, column in (
        ("english_novels/novels", "text"),
        ("movie_reviews/movie_reviews", "text"),
        ("web_text/c4_demo", "text"),
        ("wikitext2/valid", "line"),
    ):
        texts += pd.read_parquet(folder / f"{name}.parquet", columns=[column])[column].tolist()
    found = (part for text in texts for part in re.split(r"(?<=[.!?])\s+", " ".join(text.split())))
    return sorted({part for part in found if 6 <= len(part.split()) <= 60})


def changed(words: list[str], target: float, vocabulary: list[str], rng: random.Random) -> list[str]:
    """A copy whose similarity is near `target`: an edit breaks up to five windows of each side."""
    words = list(words)
    for _ in range(round(len(words) * (1 - target) / (WINDOW * (1 + target)))):
        place = rng.randrange(len(words))
        edit = rng.random()
        if edit < 0.6:
            words[place] = rng.choice(vocabulary)
        elif edit < 0.8 and len(words) > 20:
            del words[place]
        else:
            words.insert(place, rng.choice(vocabulary))
    return words


def windows(words: list[str]) -> set[tuple[str, ...]]:
    plain = [word for word in (re.sub(r"[^\w]", "", word).lower() for word in words) if word]
    return {tuple(plain[place : place + WINDOW]) for place in range(len(plain) - WINDOW + 1)}


def planted(count: int, folder: Path | None, seed: int) -> tuple[list[str], list[tuple[int, int, float]]]:
    """Documents, and (document, copy, true similarity)."""
    rng = random.Random(seed)
    pool = sentences(folder, rng)
    vocabulary = sorted({word for sentence in pool[:20_000] for word in sentence.split() if word.isalpha()})
    copies = count // 5
    documents = []
    for _ in range(count - copies):
        length, words = rng.randint(60, 180), []
        while len(words) < length:
            words += rng.choice(pool).split()
        documents.append(words)
    pairs = []
    for original in rng.sample(range(len(documents)), copies):
        low, high = rng.choices([(1, 1), (0.85, 1), (0.6, 0.85), (0.3, 0.6)], [1, 9, 5, 5])[0]
        copy = changed(documents[original], rng.uniform(low, high), vocabulary, rng)
        one, other = windows(documents[original]), windows(copy)
        pairs.append((original, len(documents), len(one & other) / len(one | other)))
        documents.append(copy)
    place = list(range(count))
    rng.shuffle(place)
    shuffled = [""] * count
    for number, words in enumerate(documents):
        shuffled[place[number]] = " ".join(words)
    return shuffled, [(place[a], place[b], similarity) for a, b, similarity in pairs]


def score(pairs: list[tuple[int, int, float]], dropped: set[int]) -> dict[str, object]:
    """Recall of the positive pairs, precision over these and all false alarms, and what was found by bin."""
    found = false = positive = 0
    bins = {f"{low:g}-{high:g}": [0, 0] for low, high in pairwise(BINS)}
    paired = set()
    for one, other, similarity in pairs:
        paired |= {one, other}
        gone = (one in dropped) + (other in dropped)
        if similarity >= POSITIVE_FROM:
            positive += 1
            found += gone >= 1
            false += gone == 2
        elif similarity <= NEGATIVE_TO:
            false += gone
        else:
            false += gone == 2
        low = max(edge for edge in BINS[:-1] if edge <= similarity)
        counts = bins[f"{low:g}-{BINS[BINS.index(low) + 1]:g}"]
        counts[0] += gone >= 1
        counts[1] += 1
    false += len(dropped - paired)
    return {
        "recall": found / positive if positive else None,
        "precision": found / (found + false) if found + false else None,
        "positive_pairs": positive,
        "false_alarms": false,
        "found_by_similarity": {name: counts for name, counts in bins.items() if counts[1]},
    }
