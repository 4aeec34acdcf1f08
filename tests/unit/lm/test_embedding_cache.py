from pathlib import Path

import numpy as np
import pytest
from training_builders import tiny_base

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.embedding_cache import EmbeddingCache, text_keys
from instruction_tuning.lm.embeddings import embed_cached, embed_hidden_states
from instruction_tuning.lm.loading import load_model, load_tokenizer

TEXTS = ["what is 1 plus 1?", "红色的苹果", "a longer text that says what is 12 plus 30", "what is 1 plus 1?"]
SETTINGS = {"pooling": "mean", "max_length_tokens": 60}


def vectors_of(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


def test_a_vector_is_found_again_by_its_text(tmp_path: Path) -> None:
    keys, vectors = text_keys(["b", "a", "c"]), vectors_of(3)
    EmbeddingCache(tmp_path, 3).add(keys, vectors)
    again = EmbeddingCache(tmp_path, 3)
    rows = again.find(text_keys(["c", "x", "a"]))
    assert rows.tolist() == [2, -1, 1]
    np.testing.assert_array_equal(again.vectors(rows[[0, 2]]), vectors[[2, 1]])


def test_what_is_known_is_not_written_again(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 3)
    cache.add(text_keys(["a", "b"]), vectors_of(2))
    cache.add(text_keys(["b", "c", "c"]), vectors_of(3, seed=1))
    assert (tmp_path / "keys.bin").stat().st_size == 3 * 32
    rows = cache.find(text_keys(["a", "b"]))
    np.testing.assert_array_equal(cache.vectors(rows), vectors_of(2))


@pytest.mark.parametrize("torn", ["keys.bin", "vectors.f32"])
def test_what_a_kill_left_half_written_is_written_anew(tmp_path: Path, torn: str) -> None:
    keys, vectors = text_keys(["a", "b", "c"]), vectors_of(3)
    EmbeddingCache(tmp_path, 3).add(keys, vectors)
    with (tmp_path / torn).open("r+b") as stream:
        stream.truncate((tmp_path / torn).stat().st_size - 5)
    cache = EmbeddingCache(tmp_path, 3)
    assert cache.find(keys).tolist() == [0, 1, -1]
    cache.add(keys, vectors)
    np.testing.assert_array_equal(cache.vectors(cache.find(keys)), vectors)


def test_cached_vectors_are_those_that_embedding_gives(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    direct = embed_hidden_states(tiny_base(), TEXTS, **SETTINGS)
    first = embed_cached(tiny_base(), TEXTS[:2], tmp_path, **SETTINGS)
    both = embed_cached(tiny_base(), TEXTS, tmp_path, **SETTINGS)
    np.testing.assert_allclose(both, direct, atol=1e-6)
    np.testing.assert_array_equal(both[:2], first)
    np.testing.assert_array_equal(both[0], both[3])
    assert "1 texts to embed; 3 are known" in caplog.text
    caplog.clear()
    embed_cached(tiny_base(), TEXTS, tmp_path, **SETTINGS)
    assert not caplog.records, "no model is loaded where all is known"


def test_other_settings_have_vectors_of_their_own(tmp_path: Path) -> None:
    mean = embed_cached(tiny_base(), TEXTS, tmp_path, **SETTINGS)
    last = embed_cached(tiny_base(), TEXTS, tmp_path, pooling="last_token", max_length_tokens=60)
    lower = embed_cached(tiny_base(), TEXTS, tmp_path, layer=0, **SETTINGS)
    assert not np.allclose(mean, last) and not np.allclose(mean, lower)
    assert len(list(tmp_path.iterdir())) == 3


def test_layer_zero_is_the_embedding_of_the_tokens() -> None:
    import torch

    ids = load_tokenizer(tiny_base())(TEXTS[0], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        states = load_model(tiny_base(), "none").get_input_embeddings()(ids)[0]
    vector = embed_hidden_states(tiny_base(), TEXTS[:1], layer=0, **SETTINGS)[0]
    expected = states.mean(dim=0)
    np.testing.assert_allclose(vector, (expected / expected.norm()).numpy(), atol=1e-6)


def test_a_layer_that_the_model_lacks_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no layer 99"):
        embed_hidden_states(tiny_base(), TEXTS, layer=99, **SETTINGS)


def test_a_sentence_embedding_model_is_read_too(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    from instruction_tuning.lm.model_folder import open_model_folder

    tokenizer = load_tokenizer(tiny_base())
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(tmp_path / "encoder")
    tokenizer.save_pretrained(tmp_path / "encoder")
    encoder = open_model_folder(tmp_path / "encoder")
    together = embed_hidden_states(encoder, TEXTS, **SETTINGS)
    alone = embed_hidden_states(encoder, TEXTS[:1], **SETTINGS)
    assert together.shape == (4, 16)
    np.testing.assert_allclose(together[:1], alone, atol=1e-5)
