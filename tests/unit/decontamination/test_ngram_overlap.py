import numpy as np
import pytest

from instruction_tuning.decontamination.items import EvaluationItem, pool_texts
from instruction_tuning.decontamination.ngram_overlap import ngram_matches
from instruction_tuning.decontamination.rules import NgramRules
from instruction_tuning.decontamination.token_ids import Vocabulary, chunks
from instruction_tuning.text.tokens import tokens

LONG = "In the old atlas of the islands, which of the four cities is named as the capital of Varland?"
LONG_ZH = "在这本旧地图集里面，四个城市之中哪一个城市被称为沃兰国的首都？"
OPTIONS = ("a ship of iron", "a cork on water", "a stone in milk")


def items_of(*questions, choices=()):
    return [EvaluationItem("b", f"item-{n}", "test", text, choices) for n, text in enumerate(questions)]


def findings(prompts, items, answers=(), **rules):
    turns = [[{"role": "user", "content": prompt}] for prompt in prompts]
    turns += [[{"role": "user", "content": "?"}, {"role": "assistant", "content": text}] for text in answers]
    return ngram_matches(pool_texts(turns, answers=True), items, NgramRules(**rules))


def found(prompt, *questions, choices=(), **rules):
    """Rule, item and share for a single prompt."""
    items = items_of(*questions, choices=choices)
    return [(m.rule, m.item, round(m.share, 3)) for m in findings([prompt], items, **rules).matches]


@pytest.mark.parametrize(
    "prompt", ["Name a nice colour.", "name a NICE colour", "  Name a... nice, colour!\n"]
)
def test_a_short_question_leaks_when_the_whole_text_is_equal(prompt):
    assert found(prompt, "Name a nice colour.") == [("equals_item", 0, 1.0)]


@pytest.mark.parametrize(
    "prompt",
    [
        "Hello there. Name a nice colour!",
        'Answer: "name a nice colour"',
        "Think.\nName a nice colour\nBe brief.",
    ],
)
def test_a_short_question_leaks_as_a_sentence_of_its_own(prompt):
    assert found(prompt, "Name a nice colour.") == [("holds_short_item", 0, 1.0)]


@pytest.mark.parametrize(
    "prompt",
    ["Name a nice colour for a door.", "Now name a nice colour.", "Name a colour.", "A nice colour."],
)
def test_a_short_question_inside_another_sentence_is_another_question(prompt):
    assert found(prompt, "Name a nice colour.") == []


def test_what_is_too_short_to_check_is_said_and_not_looked_for():
    result = findings(["Why?", "Mitosis"], items_of("Why?", "...", "Name a nice colour."))
    assert result.matches == [] and result.too_short == {0, 1}


@pytest.mark.parametrize("question", [LONG, LONG_ZH])
def test_longer_overlap_than_n_is_contaminated(question):
    assert found(f"Answer in one word. {question} Think first.", question) == [("overlaps_item", 0, 1.0)]
    assert found(f"Answer in one word. {question.lower()}", question) == [("overlaps_item", 0, 1.0)]


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        (LONG.replace("Varland", "Norland"), LONG),
        (LONG_ZH.replace("沃兰国", "诺里国"), LONG_ZH),
        (
            "Please work out for me the sum of these two numbers: 47 25",
            "Please work out for me the sum of these two numbers: 48 25",
        ),
        ("What is 47 plus 25?", "What is 48 plus 25?"),
        ("What is 47 + 25?", "What is 47 - 25?"),
    ],
)
def test_a_template_with_another_item_is_no_leak(prompt, question):
    assert found(prompt, question) == []


def test_numbers_in_another_order_are_another_item():
    question = "Please take the second of these two numbers from the first and write the result: 47 25"
    assert found(question.replace("47 25", "25 47") + " now", question, min_overlap_share=0.5) == []


def test_less_overlap_than_asked_for_is_no_leak():
    half = " ".join(LONG.split()[:10])
    assert found(half, LONG) == []
    assert found(half, LONG, min_overlap_share=0.1, max_missing_share=1.0, max_missing_tokens=99) == [
        ("overlaps_item", 0, 0.25)
    ]


def test_every_user_turn_and_answer_is_looked_at():
    turns = [[{"role": "user", "content": "Hello"}, {"role": "user", "content": LONG}]]
    turns += [
        [{"role": "user", "content": "Write a quiz."}, {"role": "assistant", "content": f"1. {LONG} 2. Eh?"}]
    ]
    for answers, places in ((True, [(0, 1, False), (1, 1, True)]), (False, [(0, 1, False)])):
        texts = pool_texts(turns, answers=answers)
        found = [match.text for match in ngram_matches(texts, items_of(LONG), NgramRules()).matches]
        assert [(texts.records[t], texts.turns[t], texts.are_answers[t]) for t in found] == places


def test_common_wording_of_many_items_does_not_hide_the_one_that_leaks():
    items = [LONG.replace("Varland", f"Land{chr(97 + n)}") for n in range(20)]
    assert found("Tell me. " + items[7], *items) == [("overlaps_item", 7, 1.0)]


LETTER = "Here is a letter from the harbour master, who writes about ships, tides, storms, sails and gulls. "


def test_what_differs_between_long_items_of_one_template_has_to_be_there():
    # One word of 30 differs, fewer than may be missing: only the template list knows that it is the item.
    items = [
        LETTER * 2 + f"Which bird is {name} here?"
        for name in ["abc", "def", "ghi", "jkl", "mno", "pqr", "stu", "vwx", "yza", "bcd", "efg"]
    ]
    prompt = items[0].replace("abc", "zzz")
    assert found(prompt, *items) == []
    assert found(prompt, *items, template_items=99, min_overlap_share=0.5) != []


def test_another_question_about_the_same_passage_is_another_item():
    items = [LETTER * 3 + "Who wrote it to the owner of the mill?", LETTER * 3 + "How deep is the sea there?"]
    assert found(f"Read this. {items[0]}", *items) == [("overlaps_item", 0, 1.0)]
    either = found(
        f"Read this. {items[0]}", *items, max_missing_tokens=99, max_missing_share=0.2, min_overlap_share=0.5
    )
    assert [item for _, item, _ in either] == [0, 1]


def test_a_wrapper_around_all_items_need_not_be_in_the_text():
    wrapper = "Please choose with care the right answer to the next question of this long quiz: "
    questions = [wrapper + LONG.replace("Varland", name) for name in ("Varland", *"abcdefghijkl")]
    questions[0] = wrapper + "Whose boat was it that lay under the bridge when the storm came up?"
    prompt = questions[0].removeprefix(wrapper)
    assert found(prompt, *questions) == [("overlaps_item", 0, 1.0)]
    assert found(prompt, *questions, template_items=99) == []
    assert found(prompt, questions[0], templates=(wrapper,)) == [("overlaps_item", 0, 1.0)]


def test_an_n_gram_in_many_records_is_no_evidence_but_a_whole_question_is():
    near = LONG.replace("In the old", "In that")
    prompts = [near] * 3 + [f"{n} times {LONG}" for n in range(2)]
    every = findings(
        prompts, items_of(LONG), max_missing_share=0.2, min_overlap_share=0.7, template_records=None
    )
    assert [match.text for match in every.matches] == [0, 1, 2, 3, 4]
    some = findings(prompts, items_of(LONG), max_missing_share=0.2, min_overlap_share=0.7, template_records=2)
    assert [match.text for match in some.matches] == [3, 4]


@pytest.mark.parametrize(
    ("prompt", "rule"),
    [
        ("Which of these floats? A) a stone in milk B) a ship of iron C) a cork on water", "same_options"),
        ("Which of these floats? A) a ship of iron B) a cork on water", None),
        ("Which of these floats?", None),
        ("Choose: a ship of iron, a cork on water, a stone in milk", None),
    ],
)
def test_a_generic_stem_is_an_item_only_with_all_its_options_in_any_order(prompt, rule):
    found_rules = [one for one, *_ in found(prompt, "Which of these floats?", choices=OPTIONS)]
    assert found_rules == ([rule] if rule else [])


def test_a_stem_of_several_items_needs_its_options_however_long_it_is():
    items = [
        EvaluationItem("b", "0", "test", LONG, ("Aba town", "Bela town")),
        EvaluationItem("b", "1", "test", LONG, ("Cuda town", "Dora town")),
    ]
    asked = [LONG, f"{LONG} Dora town or Cuda town?"]
    assert [(match.text, match.item) for match in findings(asked, items).matches] == [(1, 1)]


def test_items_that_differ_only_in_brackets_are_told_apart():
    questions = [
        "Complete the sequence so that all brackets close: [ ( {",
        "Complete the sequence so that all brackets close: { ( [",
    ]
    assert found(f"Well. {questions[1]}", *questions) == [("overlaps_item", 1, 1.0)]


def test_empty_texts_and_an_empty_benchmark_leak_nothing():
    assert found("...", "???") == []
    assert findings(["a"], []).matches == []
    assert findings([], items_of(LONG)).matches == []


def test_neither_the_order_of_records_nor_the_size_of_chunks_changes_what_is_found():
    rng = np.random.default_rng(0)
    words = [f"w{n}" for n in range(12)]
    items = items_of(*(" ".join(rng.choice(words, 9)) for _ in range(40)))
    prompts = [" ".join(rng.choice(words, 5)) + ". " + items[n % 40].question for n in range(60)]
    order = rng.permutation(60)
    straight = {(match.text, match.item, match.rule) for match in findings(prompts, items).matches}
    mixed = findings([prompts[n] for n in order], items).matches
    assert {(int(order[match.text]), match.item, match.rule) for match in mixed} == straight
    assert len(straight) >= 60
    vocabulary = Vocabulary([tokens(item.question) for item in items])
    for size in (1, 7, 100):
        ids = np.concatenate([c.ids for c in chunks(prompts, np.arange(60), vocabulary, chunk_texts=size)])
        assert ids.tolist() == [n for prompt in prompts for n in vocabulary.encode(tokens(prompt))]
