"""The teacher's catalog entry."""

from instruction_tuning.datasets.language_model import EndpointDataset


def test_an_entry_holds_the_name_of_the_key_and_never_the_key(monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret-of-mine")
    dataset = EndpointDataset(base_url="http://127.0.0.1:1/v1", model="m", api_key_env="MY_KEY")
    assert dataset.load().api_key_env == "MY_KEY"
    assert "secret" not in f"{dataset!r} {dataset.preview()} {dataset.load()}"


def test_a_judge_is_part_of_what_answers_depend_on_and_without_one_nothing_changes():
    teacher = {"base_url": "http://127.0.0.1:1/v1", "model": "m"}
    judge = {"base_url": "http://127.0.0.1:2/v1?key=k", "model": "j", "api_key_env": "JUDGE_KEY"}
    alone, judged = EndpointDataset(**teacher, judge=None), EndpointDataset(**teacher, judge=judge)
    assert alone.load().rated_by == alone.load()
    assert judged.load().rated_by.model == "j" and judged.load().rated_by.api_key_env == "JUDGE_KEY"
    assert alone.content_identity(None).keys() == {"base_url", "model", "prices"}
    assert judged.content_identity(None)["judge"]["base_url"] == "http://127.0.0.1:2/v1"
    assert "JUDGE_KEY" not in str(judged.preview())
