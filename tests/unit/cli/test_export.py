"""`kedro export` as a user types it."""

import shlex

from family_builders import family_folder
from warm_processes import run_kedro

from instruction_tuning.cli.export import serving_lines


def test_an_export_says_how_to_serve_it_and_how_to_ask(project_path, tmp_path, mlflow_store):
    folder = tmp_path / "a folder"
    arguments = ["export", str(family_folder("llama").path), str(folder), "--dtype=bfloat16"]
    done = run_kedro(*arguments, cwd=project_path)
    assert done.returncode == 0, done.stderr
    assert "bfloat16, digest" in done.stdout
    lines = [shlex.split(line) for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [line[:3] for line in lines[:2]] == [
        ["transformers", "serve", str(folder)],
        ["vllm", "serve", str(folder)],
    ]
    again = run_kedro(*arguments, cwd=project_path)
    assert again.returncode == 1
    assert "something is here already" in again.stderr and "Traceback" not in again.stderr


def test_the_request_names_the_model_as_the_server_does(tmp_path):
    *_, serve, _, ask = serving_lines(tmp_path, port=1234)
    assert f'"model": "{shlex.split(serve)[2]}"' in ask and ":1234/v1/" in ask
