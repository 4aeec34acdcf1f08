"""Examples of a task as models write them, and which of them are none."""

from instruction_tuning.synthesis.instances import read_instances


def read(reply: str, *, label_first: bool = False, is_cut_off: bool = False, most: int = 5):
    return read_instances(reply, label_first=label_first, is_cut_off=is_cut_off, most=most)


def pairs(found):
    return [(instance.input, instance.output) for instance in found]


def reasons(found):
    return [instance.drop_reason for instance in found]


def test_input_first_and_label_first_give_the_same_pairs() -> None:
    inputs = read("Example 1\nInput: 3 eggs\nOutput: odd\n\nExample 2\nInput: 4 eggs\nOutput: even")
    labels = read("Class label: odd\nInput: 3 eggs\n\nClass label: even\nInput: 4 eggs", label_first=True)
    assert pairs(inputs) == pairs(labels) == [("3 eggs", "odd"), ("4 eggs", "even")]
    assert reasons(inputs) == reasons(labels) == [None, None]


def test_a_task_without_input_has_one_output() -> None:
    assert pairs(read("Example 1\nOutput: 17")) == [("", "17")]
    assert (
        pairs(read("Input: None\nOutput: 17")) == pairs(read("Input: <noinput>\nOutput: 17")) == [("", "17")]
    )


def test_what_is_no_example_says_why() -> None:
    reply = (
        "Example 1\nInput: a\nOutput: a\n\nExample 2\nInput: b\nOutput:\n\n"
        "Example 3\nInput: c\nOutput: this:\n\nExample 4\nInput: d\nOutput: N/A\n\n"
        "Example 5\nInput: e\nOutput: fine"
    )
    assert reasons(read(reply)) == [
        "output_is_input",
        "empty_output",
        "ends_with_colon",
        "empty_output",
        None,
    ]


def test_one_input_with_two_outputs_costs_the_whole_task() -> None:
    reply = (
        "Example 1\nInput: a\nOutput: 1\n\nExample 2\nInput: a\nOutput: 2\n\nExample 3\nInput: b\nOutput: 3"
    )
    assert reasons(read(reply)) == ["contradicting_outputs"] * 3


def test_copies_count_once_and_five_are_enough() -> None:
    reply = "\n\n".join(f"Example {n}\nInput: i{n // 2}\nOutput: o{n // 2}" for n in range(14))
    found = reasons(read(reply))
    assert found.count(None) == 5 and found.count("copied_example") == 5 and found.count("surplus") == 4


def test_a_cut_off_reply_loses_its_last_example_alone() -> None:
    reply = "Example 1\nInput: a\nOutput: 1\n\nExample 2\nInput: b\nOutput: 1 and th"
    assert reasons(read(reply, is_cut_off=True)) == [None, "cut_off"]
    assert reasons(read(f"{reply}\n\nTask: go on", is_cut_off=True)) == [None, None], "it came to its end"


def test_a_label_that_was_left_out_is_no_label() -> None:
    found = read("Class label: \nInput: the text\n\nClass label: odd\nInput: 3", label_first=True)
    assert reasons(found) == ["empty_output", None] and pairs(found)[1] == ("3", "odd")


def test_a_reply_without_marks_holds_no_example() -> None:
    assert read("I would rather not.") == [] == read("Input: 3\nOutput: odd", label_first=True)
