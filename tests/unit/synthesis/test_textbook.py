"""Sections and exercises of a textbook."""

from chat_server import ChatServer
from synthesis_builders import seeds, writer_to

from instruction_tuning.schemas.synthesised_instructions import SynthesisedInstructions
from instruction_tuning.schemas.textbook_sections import TextbookSections
from instruction_tuning.synthesis.instruction_filters import InstructionFilters
from instruction_tuning.synthesis.textbook import TextbookParameters, write_textbook
from instruction_tuning.synthesis.written_rows import rows_frame

SETTINGS = TextbookParameters(topics=("levers", "pulleys"), section_words=50, exercises=3, max_tokens=300)


def reply(body, index: int) -> str:
    asked = body["messages"][-1]["content"]
    if "[Subject of the section]" in asked:
        return "Too short." if "pulleys" in asked else "A lever turns about a point. " * 4
    return (
        "1. Exercise: A lever of 2 m has its point in the middle. Where does 3 kg balance 3 kg?\n"
        "Answer: Both at 1 m, since\n3 × 1 = 3 × 1.\n2. Exercise: What is a lever for?\nAnswer:\n"
        "3. Exercise: Name the point that a lever turns about.\nAnswer: The fulcrum."
    )


def test_exercises_belong_to_a_section_and_have_answers(tmp_path) -> None:
    with ChatServer() as server:
        server.text = reply
        book = write_textbook(
            seeds(), writer_to(server.base_url, tmp_path), SETTINGS, InstructionFilters(), languages=("en",)
        )
        assert len(server.requests) == 3, "a section that was dropped has no exercises"
    TextbookSections.validate(book.sections)
    assert book.sections["drop_reason"].tolist()[1] == "too_short"
    rows = rows_frame(book.exercises)
    SynthesisedInstructions.validate(rows)
    kept = rows[rows["status"] == "kept"]
    assert kept["output"].tolist() == ["Both at 1 m, since\n3 × 1 = 3 × 1.", "The fulcrum."]
    assert rows["drop_reason"].dropna().tolist() == ["empty_output"]
    assert {parent for parents in rows["parent_ids"] for parent in parents} == {
        book.sections["section_id"][0]
    }
