from instruction_tuning.dedup.exact import exact_duplicates
from instruction_tuning.dedup.keeping_order import keeping_order


def test_the_longest_answer_then_the_shortest_prompt_then_the_smallest_id_and_row_stay():
    answers = ["yes", "yes, it is", None, "yes, it is", "yes, it so"]
    prompts = ["Is it?", "Is it?", "Is it?", "Is it?", "Is  it?"]
    record_ids = ["e", "b", "d", "b", "a"]
    rows = [("f", 0), ("f", 10), ("f", 1), ("f", 9), ("f", 11)]
    assert keeping_order(answers, prompts, record_ids, rows) == [3, 1, 4, 0, 2]


def test_every_copy_points_to_the_one_that_stays():
    assert exact_duplicates(["a", "b", "a", "a"], [3, 2, 1, 0]) == {2: 3, 0: 3}
