import numpy as np
import pytest
from scipy.sparse import csr_array

from instruction_tuning.dedup import semantic
from instruction_tuning.dedup.clusters import Pairs
from instruction_tuning.dedup.semantic import confirmed, semantic_pairs


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def planted(count, dimensions, copies, noise, seed=0):
    """Random directions, and behind them noisy copies of the first ones."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, dimensions))
    near = vectors[:copies] + noise * rng.normal(size=(copies, dimensions))
    return unit(np.concatenate([vectors, near]))


def found(embeddings, similarity):
    pairs = semantic_pairs(embeddings, similarity, seed=0)
    assert (pairs.better < pairs.worse).all()
    return dict(
        zip(zip(pairs.better.tolist(), pairs.worse.tolist(), strict=True), pairs.similarity, strict=True)
    )


def test_pairs_are_those_whose_cosine_reaches_the_similarity():
    embeddings = planted(300, 16, 100, 0.2)
    cosines = embeddings @ embeddings.T
    expected = {(a, b): cosines[a, b] for a in range(400) for b in range(a + 1, 400) if cosines[a, b] >= 0.9}
    pairs = found(embeddings, 0.9)
    assert pairs.keys() == expected.keys() and len(pairs) > 50
    assert all(pairs[pair] == pytest.approx(expected[pair], abs=1e-5) for pair in pairs)


def test_in_clusters_nearly_all_of_them_are_found_and_none_that_is_not_one(monkeypatch):
    monkeypatch.setattr(semantic, "_COMPARE_ALL_UP_TO", 100)
    monkeypatch.setattr(semantic, "_CLUSTER_TEXTS", 200)
    embeddings = planted(3000, 24, 1000, 0.1)
    expected = {(place, 3000 + place) for place in range(1000)}
    pairs = found(embeddings, 0.95)
    assert len(expected & pairs.keys()) >= 980
    assert all(float(embeddings[a] @ embeddings[b]) >= 0.95 - 1e-6 for a, b in pairs)


def test_a_proposed_pair_is_measured_again_on_the_whole_vectors_and_on_its_words():
    texts = ["Explain net worth", "Explain net worth!", "Explain polarization", "Add 2", "Add 3"]
    vectors = csr_array(np.array([[0.6, 0.8, 0], [0.6, 0.8, 0], [0.6, 0, 0.8], [1, 0, 0], [1, 0, 0]]))
    proposed = Pairs(np.array([0, 0, 3]), np.array([1, 2, 4]), np.ones(3))
    pairs = confirmed(proposed, vectors, texts, 0.9)
    assert (pairs.better.tolist(), pairs.worse.tolist()) == ([0], [1])
    assert pairs.similarity.tolist() == pytest.approx([1.0])
    assert len(confirmed(proposed, vectors, texts, 0.3).better) == 1


PASSAGE = (
    "Arthur and Louis were two rival criminals who always competed for the largest share of the city. " * 3
)


@pytest.mark.parametrize(
    ("one", "other", "are_one_request"),
    [
        ("Who dies in the fifth season of the show?", "Who dies in the second season of the show?", False),
        ("Who dies in season five of the show?", "Who dies in season 2 of the show?", False),
        ("Name three uses of a brick", "Name 3 uses of a brick", True),
        ("Who was the twenty-first president?", "Who was the 21st president?", True),
        ("这部剧第二季讲了什么", "这部剧第一季讲了什么", False),
        ("What is the scientific name of the banana?", "What is the scientific name of a tangerine?", False),
        ("Describe the culture of ancient Egypt", "Describe the hieroglyphs of ancient Egypt", False),
        (
            "How many miles is a kilometre? Convert miles to km",
            "How many miles is a kilometre? km to miles",
            False,
        ),
        ("把这句中文翻译成英文", "把这句英文翻译成中文", False),
        ("Explain in simple words what an atom is", "Explain what an atom is in simple words", True),
        ("Why is recycling so important?", "Explain why recycling is so important.", True),
        ("Why is it wise to eat before sport?", "Why is it not wise to eat before sport?", False),
        ("What is an atom?", "What is an atom? Give an answer for small children", False),
        (f"Summarise this story.\n\n{PASSAGE}", f"Give this story a title.\n\n{PASSAGE}", False),
        (f"Summarise this story.\n\n{PASSAGE}", f"Summarise this story in French.\n\n{PASSAGE}", False),
        (f"What is this story about?\n\n{PASSAGE}", f"This story is about what?\n\n{PASSAGE}", True),
    ],
)
def test_what_is_confirmed_asks_for_the_same(one, other, are_one_request):
    vectors = csr_array(np.ones((2, 1)))
    pairs = confirmed(Pairs(np.array([0]), np.array([1]), np.ones(1)), vectors, [one, other], 0.9)
    assert bool(len(pairs.better)) is are_one_request


def test_texts_without_a_word_have_no_direction_and_are_like_nothing():
    embeddings = np.zeros((3, 8), np.float32)
    embeddings[2, 0] = 1
    assert found(embeddings, 0.5) == {}
