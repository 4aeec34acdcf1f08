"""One group of parameters asks for all of a stage, and pays for each request once."""

import pytest
from chat_requests import asking, endpoint
from chat_server import ChatServer
from synthesis_builders import request_parameters

from instruction_tuning.lm.request_parameters import Asker


def test_a_request_that_a_stage_repeats_word_for_word_is_paid_once(tmp_path):
    with ChatServer() as server:
        teacher = endpoint(server, price_per_million_output_tokens=1e3)
        asker = Asker(request_parameters(tmp_path))
        first, again = (asker.ask(teacher, asking(1)) for _ in range(2))
        later = Asker(request_parameters(tmp_path), first).ask(teacher, asking(1))
    assert first["price_usd"].sum() > 0
    assert again["response"].equals(first["response"])
    assert again["price_usd"].sum() == later["price_usd"].sum() == 0
    assert asker.completions(teacher)["price_usd"].sum() == pytest.approx(first["price_usd"].sum())
