import pytest

from instruction_tuning.verification.final_answer import agreement_rates, final_answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("The capital of Brond is Balit.", "balit"),
        ("Balit", "balit"),
        ("\n“Balit”!\nBecause I say so.", "balit"),
        ("布朗德的首都是巴利特。", "巴利特"),
        ("47 + 25 = 72.", "72"),
        ("7+5=12, 4+2+1=7, 72.", "72"),
        ("Answer: 72", "72"),
        ("It is 3.5.", "7/2"),
        ("The total is 1,175.", "1175"),
        ("Half, or 50%.", "50"),
        ("In 1990 the capital of Brond is Balit.", "balit"),
        ("First, 3 boxes hold 4 apples each.\nSo there are 3*4 = 12 apples.", "12"),
        ("First, 3 boxes hold 4 apples each.\nHence 81.", "81"),
        ("She has 16 eggs.\nShe makes $18 per day.\n\nLet me know if you want 2 more examples!", "18"),
        (r"We add 3 and 4.\nThat is \boxed{7}, of 9.", "7"),
        ("Think of the river.\nThe capital of Brond is Balit.", "balit"),
        ("6*7=42\n#### 42", "42"),
    ],
)
def test_the_final_answer_is_bare(response, answer):
    assert final_answer(response) == answer


@pytest.mark.parametrize(
    "response",
    [
        "",
        "- cat\n- dog\n- moon",
        "1. Eat well\n2. Sleep 8 hours",
        "She had 16.\nThen 3 and 4 met 5 others.",
        "Rain falls.\nIt comes down from clouds that the wind has driven over the hills since noon.",
    ],
)
def test_what_comes_to_nothing_clear_has_no_final_answer(response):
    assert final_answer(response) is None


def test_without_a_final_answer_equal_texts_agree():
    assert agreement_rates(["- a\n- b", "- c\n- b", "- a\n- b"]) == [2 / 3, 1 / 3, 2 / 3]


def test_agreement_is_the_share_of_samples_with_the_same_final_answer():
    assert agreement_rates(["72", "It is 72.", "73", "= 72"]) == [0.75, 0.75, 0.25, 0.75]
