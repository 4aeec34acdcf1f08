from instruction_tuning.text.digests import name_of


def test_equal_parts_have_one_name_and_their_borders_count():
    assert name_of("a", 1) == name_of("a", "1") and len(name_of("a")) == 16
    assert name_of("a", None) == name_of("a", "")
    assert len({name_of("ab", "c"), name_of("a", "bc"), name_of("abc"), name_of("\ud800")}) == 4
