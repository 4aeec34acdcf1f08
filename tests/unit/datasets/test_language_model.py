"""The teacher's catalog entry."""

from instruction_tuning.datasets.language_model import EndpointDataset


def test_an_entry_holds_the_name_of_the_key_and_never_the_key(monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-secret-of-mine")
    dataset = EndpointDataset(base_url="http://127.0.0.1:1/v1", model="m", api_key_env="MY_KEY")
    assert dataset.load().api_key_env == "MY_KEY"
    assert "secret" not in f"{dataset!r} {dataset.preview()} {dataset.load()}"
