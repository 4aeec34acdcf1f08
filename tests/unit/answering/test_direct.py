import numpy as np
import pandas as pd

from instruction_tuning.answering.direct import answer_requests, equal_samples_rate


def turns(*texts: str) -> list[dict[str, str]]:
    return [
        {"role": role, "content": text} for role, text in zip(("user", "assistant") * 3, texts, strict=False)
    ]


def requests_for(queries: pd.DataFrame, **changes):
    settings = {"num_samples": 4, "temperature": 0.7, "max_tokens": 16, "seed": 1}
    return answer_requests(queries, **{**settings, **changes})


def test_the_conversation_goes_out_without_its_final_answer():
    queries = pd.DataFrame(
        {"record_id": ["a"], "messages": [np.array(turns("Hi", "Hello", "Bye", "So long"))]}
    )
    (request,) = requests_for(queries)
    assert request.messages == (("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))
    assert request.num_samples == 4


def test_a_records_seed_does_not_depend_on_the_selection_around_it():
    queries = pd.DataFrame({"record_id": ["a", "b"], "messages": [turns("Hi"), turns("Hi")]})
    a, b = requests_for(queries)
    assert a.seed != b.seed
    assert requests_for(queries.iloc[[1]]) == [b]


def test_the_system_prompt_yields_to_the_records_own():
    own = [{"role": "system", "content": "Be brief."}, *turns("Hi")]
    queries = pd.DataFrame({"record_id": ["a", "b"], "messages": [turns("Hi"), own]})
    a, b = requests_for(queries, system_prompts={"a": "Be right.", "b": "Be right."})
    assert a.messages[0] == ("system", "Be right.")
    assert b.messages == (("system", "Be brief."), ("user", "Hi"))


def test_a_server_that_does_not_sample_shows_in_the_answers():
    completions = pd.DataFrame(
        [("a", "x", "ok"), ("a", "x", "ok"), ("b", "x", "ok"), ("b", "y", "ok"), ("c", "z", "ok")],
        columns=["record_id", "response", "status"],
    )
    assert equal_samples_rate(completions) == 0.5  # c has one answer only
    assert equal_samples_rate(completions[completions["record_id"] == "c"]) is None
