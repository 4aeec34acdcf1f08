import json
from types import SimpleNamespace

import pytest
from benchmark_builders import FORMS, benchmark_settings, random_model, small_benchmark
from lm_eval.models.huggingface import HFLM

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.evaluation.benchmarks import measure_model
from instruction_tuning.evaluation.harness import extract_answers, score_answer

SETTINGS = benchmark_settings(seed=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return random_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def work_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


def small_items():
    """The small benchmark, where one question refers to an earlier one."""
    items = small_benchmark().assign(turns="")
    items.loc[items["item_id"] == "q2", "turns"] = json.dumps([{"prompt": "And q1?", "answer": "Balit."}])
    return items


@pytest.fixture(scope="module")
def outputs(model, work_folder):
    return measure_model(model, small_items(), SETTINGS, work_folder)


def prompt_of(outputs, form, item_id):
    return outputs.query("form == @form and item_id == @item_id")["prompt"].item()


def test_every_test_item_is_asked_in_every_form(outputs, model):
    assert sorted(zip(outputs["form"], outputs["item_id"], strict=True)) == sorted(
        (form, name) for form in FORMS for name in ("m0", "m1", "m2", "q0", "q1", "q2")
    )
    assert set(outputs["model_digest"]) == {model.digest}


def test_a_document_prompt_is_lines_and_ends_without_a_space(outputs):
    first, second, asked = prompt_of(outputs, "document_few_shot", "q0").split("\n")
    assert first.startswith("The answer of train-q") and first.endswith(" is Miran.")
    assert second.endswith(" is Miran.") and first != second
    assert asked == "The answer of q0 is"


def test_chat_prompts_go_through_the_chat_template_with_examples_as_turns(outputs):
    assert prompt_of(outputs, "chat_zero_shot", "m1") == "<|user|>What is m1?<|end|><|assistant|>"
    prompt = prompt_of(outputs, "chat_few_shot", "m1")
    assert prompt.count("<|assistant|>1+1=2, 12.<|end|>") == 2
    assert prompt.endswith("<|end|><|user|>What is m1?<|end|><|assistant|>")


def test_a_question_that_refers_back_is_asked_after_the_turns_before_it(outputs):
    told = "<|user|>And q1?<|end|><|assistant|>Balit.<|end|><|user|>What is q2?<|end|><|assistant|>"
    assert prompt_of(outputs, "chat_zero_shot", "q2") == told
    prompt = prompt_of(outputs, "chat_few_shot", "q2")
    assert prompt.endswith(told) and prompt.count("<|assistant|>") == 4


@pytest.mark.parametrize(
    ("answer", "score"), [("dog, cat", 1), ("A list: cat, moon", 0), ("cat", 0.5), ("...", 0)]
)
def test_an_answer_is_scored_in_part_by_its_rubric(answer, score):
    rubric = json.dumps({"valid": ["cat", "dog"], "wanted": 2})
    doc = {"answer_kind": "set", "answer": "cat, dog", "rubric": rubric}
    ((filtered,),) = extract_answers([[f"{answer}\nand more"]], [doc])
    assert score_answer(doc, [filtered]) == {"score": score}


def test_a_program_is_scored_within_its_fence():
    rubric = json.dumps({"tests": [[1, 2], [5, 6]]})
    doc = {"answer_kind": "program", "answer": "def f(x): return x + 1", "rubric": rubric}
    ((filtered,),) = extract_answers([["Here:\n```python\ndef f(x): return x + 1\n```"]], [doc])
    assert score_answer(doc, [filtered]) == {"score": 1}


def test_a_completion_of_a_document_ends_with_its_line(outputs):
    assert not outputs.query("form == 'document_few_shot'")["response"].str.contains("\n").any()


def test_an_unreadable_answer_is_null_and_wrong(outputs):
    unreadable = outputs[outputs["extracted"].isna()]
    assert len(unreadable) and not unreadable["score"].any()


def test_what_was_measured_is_not_measured_again(outputs, model, work_folder, monkeypatch):
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    again = measure_model(model, small_items(), SETTINGS, work_folder)
    assert again.equals(outputs)


class Stopped(BaseException):
    """As ctrl-C would."""


@pytest.fixture
def generations(monkeypatch):
    """How often a batch was generated; `generations.limit` of them are allowed."""
    made = SimpleNamespace(count=0, limit=1_000)
    generate = HFLM._model_generate

    def counted(*arguments, **keywords):
        if made.count == made.limit:
            raise Stopped
        made.count += 1
        return generate(*arguments, **keywords)

    monkeypatch.setattr(HFLM, "_model_generate", counted)
    return made


@pytest.mark.parametrize("limit", [1, 4, 7])
def test_a_measuring_that_was_stopped_goes_on_behind_its_last_batch(model, tmp_path, generations, limit):
    settings = benchmark_settings(seed=3, batch_size=2)
    whole = measure_model(model, small_items(), settings, tmp_path / "whole")
    needed, generations.count, generations.limit = generations.count, 0, limit
    assert needed == 9
    with pytest.raises(Stopped):
        measure_model(model, small_items(), settings, tmp_path / "stopped")
    (kept,) = (tmp_path / "stopped").glob("*/outputs/*.jsonl")
    # A kill may cut the last line off: its batch is made again.
    lost = int(limit == 7)
    kept.write_text(kept.read_text()[: -9 * lost or None])
    generations.limit = 1_000
    outputs = measure_model(model, small_items(), settings, tmp_path / "stopped")
    assert outputs.equals(whole)
    assert generations.count == needed + lost
    assert not kept.exists()


def test_the_target_decides_what_is_right_and_the_rest_stays_the_same(outputs, model, tmp_path):
    """Asked anew with a target that the model is known to answer; also a second, independent run."""
    readable = outputs[outputs["extracted"].notna() & (outputs["form"] == "chat_zero_shot")]
    known = readable[readable["ability"] == "open_qa"].iloc[0]
    items = small_items()
    chosen = items["item_id"] == known["item_id"]
    items.loc[chosen, ["target", "document_target"]] = known["extracted"]
    anew = measure_model(model, items, SETTINGS, tmp_path).set_index(["form", "item_id"])
    assert anew.loc[("chat_zero_shot", known["item_id"]), "score"] == 1
    before = outputs.set_index(["form", "item_id"])
    assert anew["response"].equals(before["response"])


def test_a_stored_result_that_cannot_be_read_is_measured_again(outputs, model, work_folder, caplog):
    (stored,) = work_folder.glob("*/outputs/*.parquet")
    stored.write_bytes(stored.read_bytes()[:100])
    assert measure_model(model, small_items(), SETTINGS, work_folder).equals(outputs)
    assert "measuring again" in caplog.text


def test_a_tokenizer_without_a_chat_template_is_refused_unless_one_is_given(model, tmp_path):
    template = model.path / "chat_template.jinja"
    kept = template.rename(tmp_path / "kept.jinja")
    try:
        with pytest.raises(ConfigurationError, match="no chat template"):
            measure_model(model, small_benchmark(), SETTINGS, tmp_path)
    finally:
        kept.rename(template)
