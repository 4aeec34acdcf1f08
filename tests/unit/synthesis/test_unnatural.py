"""Fourth tasks and their paraphrases: what is read, and which rewordings ask for something else."""

import pytest
from chat_server import ChatServer
from synthesis_builders import seeds, writer_to

from instruction_tuning.schemas.synthesised_instructions import SynthesisedInstructions
from instruction_tuning.synthesis.instruction_filters import InstructionFilters
from instruction_tuning.synthesis.paraphrasing import meaning_changed
from instruction_tuning.synthesis.unnatural import UnnaturalParameters, write_fourth_tasks
from instruction_tuning.synthesis.written_rows import rows_frame


@pytest.mark.parametrize(
    ("source", "reworded", "reason"),
    [
        ("Add 12 and 5.", "What do 12 and 5 make together?", None),
        ("Add 12 and 5.", "What do 12 and 6 make together?", "other_numbers"),
        ("Name a bird, but not the owl.", "Name a bird, perhaps the owl.", "other_negation"),
        ("Translate `cat` into Czech.", "Put `dog` into Czech.", "other_names"),
        ("Expand the short form NASA.", "What does NATO stand for?", "other_names"),
        ("Name a bird.", "name a bird!", "unchanged"),
        ("Name a bird that sings.", "请说出一种会唱歌的鸟", "other_language"),
        ("请说出三种鸟，不要猫头鹰", "除猫头鹰以外，列举三种鸟，不含它", None),
    ],
)
def test_a_paraphrase_keeps_what_can_be_checked(source: str, reworded: str, reason: str | None) -> None:
    assert meaning_changed(source, reworded) == reason


def reply(body, index: int) -> str:
    asked = body["messages"][-1]["content"]
    if "[Three tasks]" in asked:
        if body["seed"] % 3 == 0:
            return "Instruction: \nInput: None\nConstraints: None"
        return (
            "Instruction: List the words of the line that rhyme.\n"
            "Input: cat dog hat\nConstraints: Lower case only."
        )
    if "[Instruction to reword]" in asked:
        return (
            "1. Which words of this line sound alike at their end?\nAnswer in lower case only.\n"
            "2. Find 3 words that rhyme.\n3. One more way"
        )
    assert asked == "List the words of the line that rhyme.\nLower case only.\n\ncat dog hat"
    return "cat, hat"


def test_a_fourth_task_is_answered_and_reworded_with_its_input_and_output(tmp_path) -> None:
    settings = UnnaturalParameters(requests=6, max_tokens=200, paraphrases=2)
    with ChatServer() as server:
        server.text = reply
        written = write_fourth_tasks(
            seeds(), writer_to(server.base_url, tmp_path), settings, InstructionFilters(), languages=("en",)
        )
    rows = rows_frame(written)
    SynthesisedInstructions.validate(rows)
    kept = rows[rows["status"] == "kept"].set_index("method")
    task, reworded = kept.loc["unnatural"], kept.loc["unnatural_paraphrase"]
    assert (
        (task["input"], task["output"])
        == (reworded["input"], reworded["output"])
        == ("cat dog hat", "cat, hat")
    )
    assert task["instruction"].endswith("Lower case only.") and len(task["parent_ids"]) == 3
    assert list(reworded["parent_ids"]) == [task["record_id"]]
    assert set(rows["drop_reason"].dropna()) == {"too_similar", "empty", "other_numbers", "surplus"}
