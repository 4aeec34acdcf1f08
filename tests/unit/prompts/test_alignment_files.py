import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.alignment_files import (
    read_exemplars,
    read_identity,
    read_principles,
    read_topic_kinds,
)


def test_the_projects_own_files_go_together():
    names = {principle.name for principle in read_principles()}
    for exemplar in read_exemplars():
        assert any(f"[{name}]" in exemplar.thoughts for name in names)
        assert not any(f"[{name}]" in exemplar.answer for name in names)
    kinds = read_topic_kinds()
    assert {kind.adversarial for kind in kinds} == {True, False}


def test_identity_records_hold_the_names_that_were_given():
    records = read_identity(name="Vel", maker="Brond")
    assert any(record.answer == "I am Vel, a language model trained by Brond." for record in records)
    assert not any("{" in record.answer for record in records)


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        (read_principles, "- {name: two words, text: x}", r"0\.name"),
        (read_principles, "- {name: a, text: x}\n- {name: a, text: y}", "two entries"),
        (read_principles, "- {name: a, text: x, why: y}", "Extra inputs"),
        (read_exemplars, "- {query: a, answer: b}", r"0\.thoughts"),
        (read_topic_kinds, "- {kind: a, topics: []}", r"0\.topics"),
        (read_topic_kinds, "[]", "no entry"),
        (read_topic_kinds, "a: [", "no YAML"),
    ],
)
def test_a_faulty_file_is_named_with_the_entry(tmp_path, read, text, said):
    file = tmp_path / "mine.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=said) as caught:
        read(file)
    assert "mine.yml" in str(caught.value)


def test_a_strange_placeholder_and_a_missing_file_are_said(tmp_path):
    file = tmp_path / "mine.yml"
    file.write_text('- {query: "Who?", answer: "I am {nam}."}')
    with pytest.raises(ConfigurationError, match="entry 1"):
        read_identity(file, name="Vel", maker="Brond")
    with pytest.raises(ConfigurationError, match="no such file"):
        read_principles(tmp_path / "none.yml")
