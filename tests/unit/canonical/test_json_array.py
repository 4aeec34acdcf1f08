"""A fault in a JSON array costs the element it is in."""

import io
import json
from collections import Counter

import pytest

from instruction_tuning.canonical import json_array
from instruction_tuning.canonical.json_array import streamed_array_rows


def conversation(row, **more):
    turns = [("human", f"Question {row}?"), ("gpt", "Yes."), ("human", "Why {so}?"), ("gpt", f"It is {row}.")]
    return {**more, "conversations": [{"from": speaker, "value": value} for speaker, value in turns]}


def alpaca(row):
    return {"instruction": f"Add {row}.", "input": "1, [2]", "output": "{3}"}


ROWS = {
    "conversations": [conversation(row) for row in range(6)],
    "conversations_with_ids": [conversation(row, id=f"row-{row}") for row in range(6)],
    "alpaca": [alpaca(row) for row in range(6)],
    "optional_fields": [alpaca(row) | ({"meta": {"source": "x"}} if row % 2 else {}) for row in range(6)],
}
# json.dumps options of the array, and what stands before, between and behind its elements.
LAYOUTS = {
    "compact": ({"separators": (",", ":")}, "[", ",", "]"),
    "indented": ({"indent": 2}, "[\n  ", ",\n  ", "\n]"),
    "unindented_lines": ({"indent": 0}, "[\n", ",\n", "\n]"),
}


def dump(rows, layout):
    """The text of each element as it stands in the whole, and the three texts around them."""
    options, start, between, end = LAYOUTS[layout]
    indentation = "\n" + " " * options.get("indent", 0)
    elements = [json.dumps(row, **options).replace("\n", indentation) for row in rows]
    assert start + between.join(elements) + end == json.dumps(rows, **options)
    return elements, start, between, end


def rows_at_once(text):
    """With all of the text in the first window."""
    return list(streamed_array_rows(text, lambda _characters: ""))


def read(text):
    rows = rows_at_once(text)
    numbers = [row.number for row in rows]
    assert numbers == list(range(len(rows)))
    return [row.fields for row in rows if row.fields is not None], [row for row in rows if row.fault]


def missing(rows, kept):
    left = Counter(map(json.dumps, kept))
    return sum((Counter(map(json.dumps, rows)) - left).values())


def is_read_whole(text):
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", ROWS)
@pytest.mark.parametrize("broken", [0, 3, 5])
def test_any_one_character_too_few_or_too_many_costs_one_element(kind, layout, broken):
    rows = ROWS[kind]
    elements, start, between, end = dump(rows, layout)
    whole = elements[broken]
    variants = [whole[:place] + whole[place + 1 :] for place in range(len(whole))]
    variants += [
        whole[:place] + character + whole[place:] for place in range(len(whole) + 1) for character in '"{}[]'
    ]
    for variant in set(variants):
        text = start + between.join([*elements[:broken], variant, *elements[broken + 1 :]]) + end
        if is_read_whole(text):
            continue  # a changed text or a space
        kept, faults = read(text)
        assert missing(rows, kept) <= 1, variant
        assert faults, variant


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_thousand_conversations_with_a_missing_quote_keep_nine_hundred_and_ninety_nine(layout):
    rows = [conversation(row) for row in range(1000)]
    text = json.dumps(rows, **LAYOUTS[layout][0])
    kept, (fault,) = read(text.replace('"Question 100?"', '"Question 100?'))
    assert kept == rows[:100] + rows[101:]
    assert "Question 100?" in fault.text and "Question 101" not in fault.text


def test_neighbouring_broken_elements_are_each_a_row():
    rows = [conversation(row) for row in range(8)]
    text = json.dumps(rows)
    for row in (3, 4, 5):
        text = text.replace(f'"Question {row}?"', f'"Question {row}?')
    kept, faults = read(text)
    assert kept == rows[:3] + rows[6:]
    assert [fault.number for fault in faults] == [3, 4, 5]


def test_elements_of_another_kind_behind_a_fault_are_kept():
    rows = [conversation(0), conversation(1), alpaca(2), alpaca(3)]
    kept, _ = read(json.dumps(rows).replace('"Question 1?"', '"Question 1?'))
    assert kept == [rows[0], *rows[2:]]


@pytest.mark.parametrize("joint", ["]\n[", "],", "]", "}]}, "])
def test_what_follows_an_end_that_comes_too_early_is_kept(joint):
    rows = [conversation(row) for row in range(4)]
    first, second = json.dumps(rows[:2]), json.dumps(rows[2:])
    kept, faults = read(first[:-1] + joint + second[1:])
    assert kept == rows and len(faults) == 1


def test_text_behind_the_array_and_a_missing_end_are_reported():
    element = json.dumps(alpaca(0))
    assert [fault.text for fault in read(f"[{element}] and more")[1]] == ["] and more"]
    assert read(f"[{element}]\n") == ([alpaca(0)], [])
    for cut in (f"[{element},", f"[{element}, {element[:-9]}"):
        kept, (fault,) = read(cut)
        assert (kept, fault.fault.reason) == ([alpaca(0)], "cut_off_file")
    for end in (f", {element[:-9]}]", "]\n// end", f", {element[:-1]}];", "]}"):
        assert read(f"[{element}{end}")[1][0].fault.reason == "invalid_json", end


def test_a_lone_cut_off_conversation_does_not_pass_its_turns_for_elements():
    kept, (fault,) = read(json.dumps([conversation(0)])[:-12])
    assert kept == [] and fault.text.startswith('{"conversations"')


def test_elements_that_are_no_objects_are_rows_with_that_fault():
    kept, faults = read('[1, "text", {"instruction": "Add."}, [2]]')
    assert kept == [{"instruction": "Add."}]
    assert [fault.fault.reason for fault in faults] == ["not_an_object"] * 3


TAILS = ("]", "]\n", "", ",", "] and more", ", 12", ", 12]", ', "tex', ', {"instruction": "A', ", [1, 2]]")


@pytest.mark.parametrize("window", [1, 7, 100])
@pytest.mark.parametrize("longest", [40, 10_000])
@pytest.mark.parametrize("tail", TAILS)
def test_an_array_read_through_a_window_has_the_same_rows(monkeypatch, window, longest, tail):
    whole = json.dumps([*ROWS["alpaca"], 1, "text", conversation(7)], indent=1)[:-1]
    texts = (whole + tail, whole.replace("Add 3.", 'Add 3."') + tail)
    expected = [rows_at_once(text) for text in texts]
    monkeypatch.setattr(json_array, "_WINDOW_CHARACTERS", window)
    monkeypatch.setattr(json_array, "_LONGEST_ELEMENT_CHARACTERS", longest)
    for text, rows in zip(texts, expected, strict=True):
        stream = io.StringIO(text)
        assert list(streamed_array_rows(stream.read(1), stream.read)) == rows


def test_no_more_than_a_window_of_a_sound_array_is_asked_for_ahead(monkeypatch):
    monkeypatch.setattr(json_array, "_WINDOW_CHARACTERS", 200)
    stream = io.StringIO(json.dumps([alpaca(row) for row in range(1000)]))
    next(streamed_array_rows(stream.read(1), stream.read))
    assert stream.tell() < 1000
