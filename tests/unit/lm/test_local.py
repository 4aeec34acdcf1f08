from collections import Counter

import pytest
from training_builders import CONTEXT, tiny_base

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.local import continue_texts, sample_completions

PROMPTS = {
    "a": [{"role": "user", "content": "what is 1 plus 1?"}],
    "b": [{"role": "user", "content": "红色的苹果 and a longer question, what is 10 plus 20?"}],
}


def sample(
    prompts: dict[str, list[dict[str, str]]], *, samples: int = 2, temperature: float = 1.0, **options: float
) -> dict[str, list[str]]:
    settings = {"max_new_tokens": 6, "seed": 1, **options}
    return sample_completions(tiny_base(), prompts, samples=samples, temperature=temperature, **settings)


def test_a_completion_does_not_depend_on_its_batch() -> None:
    together = sample(PROMPTS, samples=3)
    alone = {key: sample({key: PROMPTS[key]}, samples=3, batch_tokens=1)[key] for key in PROMPTS}
    assert together == alone
    assert sample(PROMPTS, samples=2) == {key: texts[:2] for key, texts in together.items()}


def test_samples_differ_by_number_and_seed() -> None:
    first = sample(PROMPTS, samples=4)["a"]
    assert len(set(first)) > 1
    assert sample(PROMPTS, samples=4, seed=2)["a"] != first


def test_temperature_zero_is_greedy() -> None:
    import torch

    tokenizer, model = load_tokenizer(tiny_base()), load_model(tiny_base(), "causal")
    ids = tokenizer.apply_chat_template(
        PROMPTS["a"], add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    with torch.inference_mode():
        best = model(**ids).logits[0, -1].argmax()
    texts = sample(PROMPTS, temperature=0, max_new_tokens=1)["a"]
    assert texts == [tokenizer.decode([int(best)], skip_special_tokens=True)] * 2


def test_samples_follow_the_models_probabilities() -> None:
    import torch

    tokenizer, model = load_tokenizer(tiny_base()), load_model(tiny_base(), "causal")
    ids = tokenizer.apply_chat_template(
        PROMPTS["a"], add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    with torch.inference_mode():
        probabilities = (model(**ids).logits[0, -1] / 0.02).softmax(dim=-1)  # cold, so that one token leads
    best = int(probabilities.argmax())
    texts = sample({"a": PROMPTS["a"]}, samples=400, temperature=0.02, max_new_tokens=1)["a"]
    share = Counter(texts)[tokenizer.decode([best], skip_special_tokens=True)] / 400
    assert share == pytest.approx(float(probabilities[best]), abs=0.1)  # four standard deviations at most


def test_a_prompt_longer_than_the_context_loses_its_beginning() -> None:
    long = {"a": [{"role": "user", "content": "word " * 300}]}
    assert len(sample(long, samples=1)["a"]) == 1


def test_more_new_tokens_than_the_context_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="max_new_tokens"):
        sample(PROMPTS, max_new_tokens=CONTEXT)


def test_a_plain_text_is_gone_on_with_and_never_cut() -> None:
    folder = tiny_base()
    settings = {"samples": 2, "temperature": 1.0, "max_new_tokens": 5, "seed": 3}
    alone = continue_texts(folder, {"a": "Red is"}, **settings)
    together = continue_texts(folder, {"b": "Blue is a colour", "a": "Red is"}, **settings)
    assert alone["a"] == together["a"] and len(alone["a"]) == 2
    with pytest.raises(ConfigurationError, match=r"a prompt of \d+ tokens and 5 new ones do not fit"):
        continue_texts(folder, {"a": "colour red " * CONTEXT, "b": "x"}, **settings)


def test_the_nucleus_leaves_the_likeliest_tokens_alone() -> None:
    greedy = sample(PROMPTS, temperature=0)
    assert sample(PROMPTS, temperature=1.0, top_p=1e-6) == greedy
    assert sample(PROMPTS, temperature=1.0, top_p=1.0) == sample(PROMPTS, temperature=1.0)
    assert sample(PROMPTS, temperature=1.0, top_p=0.5) != greedy
