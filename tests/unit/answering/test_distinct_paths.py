"""One representative a path."""

from instruction_tuning.answering.distinct_paths import distinct_paths
from instruction_tuning.text.edit_distance import edit_distance


def test_one_a_path_the_most_travelled_first() -> None:
    responses = ["3+2=5. So 5.", "2+3=5, 5", "2+3=5 and that makes five, 5", "It is 5"]
    picked = distinct_paths(responses)
    assert picked == [2, 0, 3]


def test_texts_without_equations_are_paths_of_their_own() -> None:
    assert distinct_paths(["It is 5.", "it is 5", "Five: 5"]) == [0, 2]


def test_the_representative_is_the_farthest_from_all_samples() -> None:
    samples = ["2+3=5, 5", "2+3=5, 5.", "2+3=5, which is what was to be shown"]
    assert distinct_paths(samples) == [2]


def test_edit_distances_are_those_of_the_table() -> None:
    def by_table(first: str, second: str) -> int:
        row = list(range(len(second) + 1))
        for place, one in enumerate(first, start=1):
            above, row = row, [place]
            for column, other in enumerate(second):
                row.append(min(above[column] + (one != other), above[column + 1] + 1, row[column] + 1))
        return row[-1]

    texts = [
        "",
        "a",
        "kitten",
        "sitting",
        "2+3=5, 5",
        "3+2=5. So 5.",
        "abcabcabc" * 9,
        "bcabcab" * 11,
        "雨天",
    ]
    assert all(edit_distance(a, b) == by_table(a, b) for a in texts for b in texts)
