from instruction_tuning.text.counting import counted, tally


def test_one_thing_is_not_said_to_be_many():
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_a_plural_of_its_own_is_given():
    assert [counted(n, "query has", "queries have") for n in (1, 2)] == ["1 query has", "2 queries have"]


def test_a_tally_begins_with_the_most_frequent():
    assert tally(["failed", "passed", "passed"]) == "passed 2, failed 1" and tally([]) == ""
