from pathlib import Path

from backtranslation_builders import roomy_base

from instruction_tuning.chat_format.loss_mask import prompt_ids
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.synthesis.backtranslation.source_tags import system_text, with_tags
from instruction_tuning.synthesis.backtranslation.tagged_model import with_tagged_template

ASKED = [{"role": "user", "content": "It's {{ odd }}?"}]


def test_both_tags_stand_behind_each_other_and_none_is_no_system_turn() -> None:
    assert system_text(("seed", "web")) == f"{system_text(['seed'])} {system_text(['web'])}"
    assert with_tags(ASKED, ()) == ASKED


def test_the_model_carries_its_tags_wherever_it_is_asked(tmp_path: Path) -> None:
    tagged = with_tagged_template(roomy_base(), ("seed", "web"), tmp_path)
    assert tagged.digest != roomy_base().digest
    own, plain = load_tokenizer(tagged), load_tokenizer(roomy_base())
    assert prompt_ids(own, ASKED) == prompt_ids(plain, with_tags(ASKED, ("seed", "web")))
    system = [{"role": "system", "content": "Be kind."}, *ASKED]
    assert prompt_ids(own, system) == prompt_ids(plain, system), "a system turn of one's own stays"


def test_without_tags_the_template_stays_as_it_is(tmp_path: Path) -> None:
    copied = with_tagged_template(roomy_base(), (), tmp_path)
    assert copied.digest == roomy_base().digest
