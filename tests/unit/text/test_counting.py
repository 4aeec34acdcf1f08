from instruction_tuning.text.counting import counted


def test_one_thing_is_not_said_to_be_many():
    assert [counted(n, "row") for n in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


def test_a_plural_of_its_own_is_given():
    assert [counted(n, "query has", "queries have") for n in (1, 2)] == ["1 query has", "2 queries have"]
