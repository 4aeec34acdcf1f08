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
        ("", ""),
    ],
)
def test_the_final_answer_is_bare(response, answer):
    assert final_answer(response) == answer


def test_agreement_is_the_share_of_samples_with_the_same_final_answer():
    assert agreement_rates(["72", "It is 72.", "73", "= 72"]) == [0.75, 0.75, 0.25, 0.75]
