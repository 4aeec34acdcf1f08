"""Side-by-side ratings and self-alignment by marker lines, with stated faults."""

import re
from statistics import mean

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.prompts.alignment_files import read_exemplars, read_principles, read_topic_kinds
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.self_alignment import Guidance, named_principles, parse_reply
from instruction_tuning.verification.answer_score import answer_score, item_rubric

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and item["counted"]]
FAULTLESS = Teacher(WORLD, TeacherFaults(0, 0, 0, 0, 0, 0, position_bias=0), seed=1)
FAULTY = Teacher(WORLD, TeacherFaults(), seed=1)
GUIDANCE = Guidance(read_principles(), read_exemplars())


def ask(teacher: Teacher, name: str, seed: int = 0, **values: str) -> str:
    return teacher.reply([{"role": "user", "content": read_prompt(name).fill(values)}], seed, 0)


def marks(teacher: Teacher, texts: list[str], seed: int = 0) -> list[int]:
    versions = "\n".join(f"[Version {n}]\n{text}" for n, text in enumerate(texts, start=1))
    reply = ask(teacher, "joint_rating", seed, instruction=ITEMS[0]["question"], versions=versions)
    return [int(found) for found in re.findall(r"Rating: (\d+)", reply)]


def test_side_by_side_right_answers_are_rated_above_wrong_ones():
    assert marks(FAULTLESS, ["Xyzzy", ITEMS[0]["example_answer"]]) == [3, 8]


def test_the_first_place_is_worth_what_the_faults_say():
    biased = Teacher(WORLD, TeacherFaults(unparseable_rate=0, position_bias=2.0), seed=1)
    found = [marks(biased, ["Xyzzy", "Xyzzy"], seed) for seed in range(150)]
    assert 1.6 < mean(one[0] - one[1] for one in found) < 2.4


def test_an_answer_by_principles_names_some_and_is_right_without_faults():
    for item in ITEMS[::40]:
        reply = ask(FAULTLESS, "principled_answer", query=item["question"], **GUIDANCE.texts)
        thoughts, answer = parse_reply(reply)
        assert named_principles(thoughts, GUIDANCE.principles)
        assert answer_score(answer, item_rubric(item["answer_kind"], item["target"], item["rubric"])) == 1


def test_answers_are_faulty_in_form_as_often_as_stated():
    replies = [
        ask(FAULTY, "principled_answer", query=item["question"], **GUIDANCE.texts) for item in ITEMS[:300]
    ]
    sound = [
        parsed is not None
        and bool(named_principles(parsed[0], GUIDANCE.principles))
        and "[" not in parsed[1][:1]
        for parsed in map(parse_reply, replies)
    ]
    assert 0.02 < 1 - mean(sound) < 0.2


def test_requests_are_of_the_world_and_adversarial_ones_cannot_be_answered():
    for kind in read_topic_kinds():
        text = ask(FAULTLESS, "topic_question", kind=kind.kind, topic=kind.topics[0])
        skill, slots = FAULTLESS._recognise((text,))
        assert (skill.reported_as == "unknown_places") == kind.adversarial
        assert skill.split_of(slots) == "train"


def test_topics_come_numbered_and_what_is_not_known_gets_no_truth():
    kind = read_topic_kinds()[0]
    reply = ask(FAULTLESS, "topic", kind=kind.kind, topics="\n".join(kind.topics))
    assert len(re.findall(r"^\d+\. \w", reply, re.MULTILINE)) == 10
    said = ask(FAULTLESS, "verbose_answer", query="What is love?")
    assert said in ("Hm, who can say.", "It depends, as ever.")
    item = next(item for item in ITEMS if item["skill"] == "fact")
    assert item["target"] in ask(FAULTLESS, "verbose_answer", query=item["question"])
