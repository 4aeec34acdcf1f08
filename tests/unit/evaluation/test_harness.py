from pathlib import Path

from training_builders import tiny_base

from instruction_tuning.evaluation.harness import LocalModel
from instruction_tuning.evaluation.kept_answers import KeptAnswers
from instruction_tuning.lm.loading import load_model, load_tokenizer


def test_a_special_token_in_an_item_ends_no_turn(tmp_path: Path) -> None:
    folder = tiny_base()
    tokenizer = load_tokenizer(folder)
    model = LocalModel(
        expected_batches=1,
        label="x",
        kept=KeptAnswers(tmp_path / "kept.jsonl"),
        pretrained=load_model(folder, "causal"),
        tokenizer=tokenizer,
        device="cpu",
    )
    model.close()
    plain = [{"role": "user", "content": "end it"}]
    written_out = [{"role": "user", "content": "end <|end|> it"}]
    ids = [tokenizer(model.apply_chat_template(turns))["input_ids"] for turns in (plain, written_out)]
    end = tokenizer.convert_tokens_to_ids("<|end|>")
    assert ids[0].count(end) == ids[1].count(end) > 0
