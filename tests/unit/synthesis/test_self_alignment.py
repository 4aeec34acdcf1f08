import pandas as pd
import pytest

from instruction_tuning.prompts.alignment_files import Principle, TopicKind, read_exemplars, read_principles
from instruction_tuning.synthesis.engraving import identity_examples, self_aligned_examples
from instruction_tuning.synthesis.self_alignment import (
    Guidance,
    answer_fault,
    named_principles,
    parse_reply,
    principled_answers,
    principled_requests,
)
from instruction_tuning.synthesis.topic_prompts import (
    given_prompts,
    topic_prompts,
    topic_requests,
    with_new_topics,
)
from instruction_tuning.text.digests import name_of

GUIDANCE = Guidance(read_principles(), read_exemplars())
KINDS = [TopicKind(kind="asks for a colour", topics=("Paint", "Sky"))]


def completions(record_id: str, *replies: str | None, finish_reason: str = "stop") -> pd.DataFrame:
    rows = [
        {
            "record_id": record_id,
            "sample_index": number,
            "response": reply,
            "finish_reason": finish_reason,
            "model": "m",
            "status": "failed" if reply is None else "ok",
        }
        for number, reply in enumerate(replies)
    ]
    return pd.DataFrame(rows)


def reasons(frame: pd.DataFrame) -> list[str | None]:
    return [None if pd.isna(reason) else reason for reason in frame["reason"]]


def test_topics_of_a_reply_are_kept_or_dropped_with_a_reason():
    reply = (
        "1. Glass\n2. sky\n3) A very long topic that is no topic at all\n4. Ink!\n5. Soap\n6. Wax\nChat: no."
    )
    topics = with_new_topics(KINDS, completions(name_of(KINDS[0].kind), reply), new_topics=2)
    assert dict(zip(topics["topic"], reasons(topics), strict=True)) == {
        **dict.fromkeys(["Paint", "Sky", "Glass", "Soap"], None),
        **{"sky": "repeated", "A very long topic that is no topic at all": "too_long"},
        **{"Ink!": "no_topic", "Wax": "beyond_new_topics"},
    }
    assert topics["topic_id"].is_unique and set(topics["origin"]) == {"file", "model"}


def test_an_empty_item_is_no_topic_and_neither_is_one_that_was_cut_off():
    reply = completions(name_of(KINDS[0].kind), "1.\n2. Soap\n3. Wa", finish_reason="length")
    found = with_new_topics(KINDS, reply, new_topics=5)
    assert found["topic"].tolist() == ["Paint", "Sky", "Soap"]


def test_a_kind_without_a_reply_keeps_the_topics_of_the_file():
    found = with_new_topics(KINDS, completions(name_of(KINDS[0].kind), None), new_topics=2)
    assert found["topic"].tolist() == ["Paint", "Sky"] and (found["status"] == "kept").all()


def test_prompts_fall_for_what_they_are():
    topics = with_new_topics(KINDS, completions(name_of(KINDS[0].kind), None), new_topics=0)
    first = topics["topic_id"].iloc[0]
    replies = (
        "Name a paint.",
        "name a paint",
        "Paint",
        "[Topic] Paint what?",
        "I'm sorry, I can't help.",
        None,
    )
    prompts = topic_prompts(topics, completions(first, *replies))
    assert reasons(prompts) == [
        *(None, "repeated", "no_request", "leaked_prompt", "unanswered", "failed"),
    ]
    cut = topic_prompts(topics, completions(first, "Name a", finish_reason="length"))
    assert cut["reason"].tolist() == ["cut_off"]
    own = given_prompts(["Name a PAINT.", "Name a bird."], before=prompts)
    assert own["status"].tolist() == ["dropped", "kept"]


def test_requests_do_not_depend_on_the_order_of_kinds():
    kinds = [*KINDS, TopicKind(kind="asks for a bird", topics=("Ponds",))]
    sampling = {"temperature": 1.0, "max_tokens": 9, "seed": 4}
    assert set(topic_requests(kinds, **sampling)) == set(topic_requests(kinds[::-1], **sampling))


@pytest.mark.parametrize(
    ("reply", "parsed"),
    [
        ("Thoughts: [direct] Short.\nAnswer: Red.", ("[direct] Short.", "Red.")),
        ("**Thoughts:** a\nb\n**Answer:** Red.\nAnd blue.", ("a\nb", "Red.\nAnd blue.")),
        ("思考：[form] 中文。\n回答：红色。", ("[form] 中文。", "红色。")),
        ("Thoughts: a\nAnswer: Red.\n[Query]\nNext?\nThoughts: b\nAnswer: Blue.", ("a", "Red.")),
        ("Thoughts: a\nAnswer:", ("a", "")),
        ("Answer: Red.", None),
        ("Thoughts: I say the Answer: Red.", None),
    ],
)
def test_thoughts_are_cut_off_and_what_comes_after_the_answer_too(reply, parsed):
    found = parse_reply(reply)
    if parsed is None:
        assert found is None
    else:
        assert found is not None and tuple(part.strip("* ") for part in found) == parsed


def test_principles_are_named_in_brackets_and_in_the_order_of_the_file():
    listed = [Principle(name="a", text="A."), Principle(name="b", text="B.")]
    assert named_principles("[b] and [A], not (c) or [d]; a", listed) == ["a", "b"]


@pytest.mark.parametrize(
    ("answer", "adversarial", "fault"),
    [
        ("Red.", False, None),
        ("", False, "empty"),
        ("I'm sorry, but I can't help with that.", False, "refusal"),
        ("I'm sorry, but I can't help with that.", True, None),
        ("[honest] Red.", False, "speaks_of_principles"),
        ("By my principles it is red.", False, "speaks_of_principles"),
        ("Which colour has the sky? Red.", False, "repeats_prompt"),
        (GUIDANCE.exemplars[0].answer, False, "copies_exemplar"),
        ("The sky is red today. " * 3, False, "repeats_itself"),
    ],
)
def test_the_filters_name_what_they_find(answer, adversarial, fault):
    assert (
        answer_fault("Which colour has the sky?", answer.strip(), GUIDANCE, is_adversarial=adversarial)
        == fault
    )


def test_every_prompt_has_a_row_and_thoughts_are_kept_beside_the_answer():
    prompts = given_prompts(
        ["A colour?", "A bird?", "A bird?", "A fish?", "A tree?"], before=pd.DataFrame({"prompt": []})
    )
    requests = principled_requests(prompts, GUIDANCE, temperature=0, max_tokens=9, seed=1)
    assert len(requests) == 4 and all("[Query to answer]\nA " in one.messages[0][1] for one in requests)
    said = ["Thoughts: [direct] x\nAnswer: Red.", "Thoughts: x\nAnswer: Owl.", None, "Oak."]
    replies = pd.concat(
        [completions(one.record_id, text) for one, text in zip(requests, said, strict=True)],
        ignore_index=True,
    )
    answers = principled_answers(prompts, replies, GUIDANCE)
    assert reasons(answers) == [None, "no_principle", "repeated", "failed", "unparseable"]
    assert answers["answer"].iloc[0] == "Red." and answers["thoughts"].iloc[0] == "[direct] x"
    examples = self_aligned_examples(answers, identity_examples([]))
    assert len(examples) == 5 and examples["stage"].tolist() == [
        "answer",
        "answer",
        "prompt",
        "answer",
        "answer",
    ]
