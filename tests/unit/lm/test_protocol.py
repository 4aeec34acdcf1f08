"""What is known of an endpoint."""

import pytest
from pydantic import ValidationError

from instruction_tuning.lm.protocol import Endpoint

URL = "http://127.0.0.1:1/v1"


def test_an_endpoint_holds_the_name_of_the_key_and_never_the_key(monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret-of-mine")
    endpoint = Endpoint(base_url=URL, model="m", api_key_env="MY_KEY")
    assert endpoint.api_key_env == "MY_KEY"
    assert "secret" not in f"{endpoint!r} {endpoint.model_dump()}"


def test_a_secret_in_an_address_is_sent_and_never_shown():
    endpoint = Endpoint(base_url="http://me:secret@127.0.0.1:9/v1?key=secret", model="m")
    assert endpoint.address == "http://127.0.0.1:9/v1"
    assert "secret" in endpoint.base_url
    assert "secret" not in f"{endpoint!r} {endpoint} {endpoint.model_dump()} {endpoint.model_dump_json()}"


def test_a_judge_is_part_of_what_answers_depend_on_and_without_one_nothing_changes():
    judge = Endpoint(base_url="http://127.0.0.1:2/v1?key=k", model="j", api_key_env="JUDGE_KEY")
    alone, judged = Endpoint(base_url=URL, model="m"), Endpoint(base_url=URL, model="m", judge=judge)
    assert alone.rated_by is alone and judged.rated_by is judge
    prices = {"price_per_million_input_tokens", "price_per_million_output_tokens"}
    assert alone.content_identity().keys() == {"base_url", "model", *prices}
    assert judged.content_identity()["judge"]["base_url"] == "http://127.0.0.1:2/v1"
    assert "JUDGE_KEY" not in str(judged.content_identity())


def test_others_are_part_of_what_answers_depend_on_and_answer_beside_the_first():
    other = Endpoint(base_url="http://127.0.0.1:2/v1", model="o")
    both = Endpoint(base_url=URL, model="m", others=(other,))
    assert both.answered_by == (both, other)
    assert both.content_identity()["others"] == [other.content_identity()]


@pytest.mark.parametrize(
    ("key", "value"), [("modle", "m"), ("timeout_seconds", 0), ("price_per_million_input_tokens", -1)]
)
def test_a_misspelt_key_and_a_number_that_cannot_be_are_refused(key, value):
    with pytest.raises(ValidationError, match=key):
        Endpoint(base_url=URL, model="m", **{key: value})
