from pathlib import Path

import numpy as np
import pytest
from family_builders import FAMILIES, family_folder
from training_builders import tiny_base

from instruction_tuning.chat_format.loss_mask import prompt_ids
from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.selection.scores.expected_score import digit_token_ids, expected_scores

TEXTS = ["what is 1 plus 1?", "红色的苹果", "a longer text that says what is 12 plus 30 and more", "x"]
ASKED = [[{"role": "user", "content": text}] for text in TEXTS]


def from_all_logits(folder: ModelFolder, conversation: list[dict[str, str]]) -> float:
    """The definition, from the logits of every position of one unpadded sequence."""
    import torch

    tokenizer, model = load_tokenizer(folder), load_model(folder, "causal")
    ids = prompt_ids(tokenizer, conversation)
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]  # (V,)
    weights = torch.softmax(logits[digit_token_ids(tokenizer, folder)].double(), dim=-1)
    return float(sum(score * weight for score, weight in enumerate(weights, start=1)))


def test_the_score_is_the_expected_value_over_the_digits_whatever_the_batch() -> None:
    folder = tiny_base()
    exact = [from_all_logits(folder, conversation) for conversation in ASKED]
    for batch_tokens in (16_384, 40, 1):
        found = expected_scores(folder, ASKED, max_length_tokens=90, batch_tokens=batch_tokens)
        np.testing.assert_allclose(found, exact, atol=1e-5)
    assert all(1 < score < 6 for score in exact)


# Soft-capped logits, learned positions, ALiBi: what an architecture does to its last states is done.
@pytest.mark.parametrize("name", ["gemma2", "qwen3", "opt", "bloom"])
def test_every_architecture_gives_what_its_own_logits_say(name: str, tmp_path: Path) -> None:
    folder = with_template(name, tmp_path)
    found = expected_scores(folder, ASKED, max_length_tokens=150)
    np.testing.assert_allclose(found, [from_all_logits(folder, asked) for asked in ASKED], atol=1e-5)


def with_template(name: str, folder: Path) -> ModelFolder:
    base = family_folder(name)
    if FAMILIES[name].template:
        return base
    load_model(base, "causal").save_pretrained(folder)
    tokenizer = load_tokenizer(base)
    template = Path(__file__).parents[4] / "conf" / "hub" / "plain_turns.jinja"
    tokenizer.chat_template = template.read_text(encoding="utf-8")
    tokenizer.save_pretrained(folder)
    return open_model_folder(folder)


def test_a_text_that_is_too_long_has_no_score_and_leaves_the_others_theirs() -> None:
    lengths = [len(prompt_ids(load_tokenizer(tiny_base()), asked)) for asked in ASKED]
    most = sorted(lengths)[1]
    found = expected_scores(tiny_base(), ASKED, max_length_tokens=most)
    assert np.isnan(found).tolist() == [length > most for length in lengths]
    assert np.isnan(expected_scores(tiny_base(), ASKED, max_length_tokens=1)).all()
    assert expected_scores(tiny_base(), [], max_length_tokens=9).shape == (0,)


def test_a_model_that_gives_no_numbers_gives_no_score(tmp_path: Path) -> None:
    model = load_model(tiny_base(), "causal")
    model.model.norm.weight.data.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    load_tokenizer(tiny_base()).save_pretrained(tmp_path)
    assert np.isnan(expected_scores(open_model_folder(tmp_path), ASKED, max_length_tokens=90)).all()


def test_the_ids_are_those_that_the_template_writes() -> None:
    tokenizer = load_tokenizer(tiny_base())
    assert tokenizer.convert_ids_to_tokens(digit_token_ids(tokenizer, tiny_base())) == list("123456")


def test_a_digit_that_is_not_one_token_there_is_refused() -> None:
    tokenizer = load_tokenizer(tiny_base())
    with pytest.raises(ModelFolderError, match="does not write each of 1, 12 as one token"):
        digit_token_ids(tokenizer, tiny_base(), ["1", "12"])
    # A blank between the prompt and the answer is the first token of every answer.
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "{{ message['content'] }}<|end|>{% end", " {{ message['content'] }}<|end|>{% end"
    )
    with pytest.raises(ModelFolderError, match="as one token"):
        digit_token_ids(tokenizer, tiny_base())


def test_a_scorer_without_a_chat_template_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no chat template"):
        expected_scores(family_folder("opt"), ASKED, max_length_tokens=90)
