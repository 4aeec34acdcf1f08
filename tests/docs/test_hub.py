"""docs/hub.md from its first command to its last, on a random-weight Qwen3, on a CPU without network."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from document_commands import commands_of
from family_builders import family_folder

PROJECT = Path(__file__).parents[2]
COMMANDS = [command.text for command in commands_of(PROJECT / "docs" / "hub.md")]
# What a tiny model on this machine needs; a user sets the same keys in conf/local.
SMALL = "sft.max_length=128,query_selection.budget=24,sft.num_train_epochs=1,sft.validation_minimum=4"


def command(start: str, *, holding: str = "") -> str:
    found = [text for text in COMMANDS if text.startswith(start) and holding in text]
    assert len(found) == 1, f"docs/hub.md has {len(found)} commands `{start}…{holding}`"
    return found[0]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone in which the page's first command was typed and the model was named."""
    target = tmp_path_factory.mktemp("hub") / "project"
    for name in ("conf", "src", "data/01_raw/microworld"):
        shutil.copytree(PROJECT / name, target / name, ignore=shutil.ignore_patterns("__pycache__", "local"))
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, target / name)
    (target / "conf" / "local").mkdir()
    subprocess.run(command("cp "), shell=True, cwd=target, check=True)
    settings = target / "conf" / "local" / "globals.yml"
    changed = yaml.safe_load(settings.read_text()) | {"base_model": str(family_folder("qwen3").path)}
    settings.write_text(yaml.safe_dump(changed))
    records = [
        {"instruction": f"Add {n} and {n + 1}.", "input": "", "output": f"{n} + {n + 1} = {2 * n + 1}"}
        for n in range(40)
    ]
    (target / "records.json").write_text(json.dumps(records))
    return target


def typed(project: Path, text: str, *more: str) -> str:
    """What the command prints, typed in `project`; it has to succeed."""
    words = shlex.split(text)
    assert words[0] == "kedro"
    environment = os.environ | {
        "PYTHONPATH": str(project / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{project / 'mlflow.db'}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "kedro", *words[1:], *more],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=480,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_page_leads_from_records_to_an_export_that_plain_transformers_reads(project, empty_mlflow_store):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shutil.copy(empty_mlflow_store, project / "mlflow.db")
    assert "alpaca" in typed(project, command("kedro check")).lower()
    run = command("kedro run", holding="strategy=source")
    typed(project, f"{run},{SMALL}")
    printed = typed(project, command("kedro export").replace("path/to/export", "made"))
    for server in ("transformers", "vllm"):
        assert f"{server} serve {project / 'made'} --port 8000" in printed
        # The page shows the same lines.
        assert f"{server} serve path/to/export --port 8000" in (PROJECT / "docs" / "hub.md").read_text()
    model = AutoModelForCausalLM.from_pretrained(project / "made")
    assert str(model.dtype) == "torch.bfloat16"  # as conf/hub saves it
    tokenizer = AutoTokenizer.from_pretrained(project / "made")
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.chat_template
    assert tokenizer.eos_token_id in model.generation_config.eos_token_id
    base = json.loads((project / "made" / "base_model.json").read_text())
    assert base["digest"] == family_folder("qwen3").digest


def test_the_environment_itself_is_complete(project_path, tmp_path, monkeypatch):
    """`--env=hub`: all its parameters have the right names and types, and its catalog is made."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    monkeypatch.chdir(project_path)
    bootstrap_project(project_path)
    # conf/local holds in every environment; what a developer has set there is not the page's.
    conf = shutil.copytree(project_path / "conf", tmp_path / "conf", ignore=shutil.ignore_patterns("local"))
    with KedroSession.create(env="hub", conf_source=str(conf)) as session:
        context = session.load_context()
        assert context.params["sft"].tuning == "lora"
        assert type(context.catalog["base_model"]).__name__ == "HubModelDataset"
        assert context.catalog.load("teacher").base_url.startswith("http://127.0.0.1")
        plain = project_path / "conf" / "hub" / "plain_turns.jinja"
        assert plain.is_file() and "eos_token" in plain.read_text()
