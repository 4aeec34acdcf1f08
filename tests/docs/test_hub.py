"""docs/hub.md from its first command to its last, on random weights, on a CPU without network."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from chat_server import MODEL, ChatServer
from document_commands import commands_of, yaml_blocks_of
from family_builders import family_folder
from warm_processes import run_kedro

PROJECT = Path(__file__).parents[2]
PAGE = PROJECT / "docs" / "hub.md"
COMMANDS = [command.text for command in commands_of(PAGE)]
# What a tiny model on this machine needs; a user sets the same keys in conf/local.
SMALL = "sft.max_length=128,query_selection.budget=24,sft.num_train_epochs=1,sft.validation_minimum=4"


def command(start: str, *, holding: str = "") -> str:
    found = [text for text in COMMANDS if text.startswith(start) and holding in text]
    assert len(found) == 1, f"docs/hub.md has {len(found)} commands `{start}…{holding}`"
    return found[0]


def block(key: str) -> dict[str, Any]:
    """The page's yaml block that has the top-level `key`."""
    (found,) = [content for content in map(yaml.safe_load, yaml_blocks_of(PAGE)) if key in content]
    return found


def git(*words: str) -> str:
    return subprocess.run(["git", "-C", PROJECT, *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, with what is not committed yet on top."""
    if not (PROJECT / ".git").exists():
        pytest.skip("the page begins with a clone, and this is none")
    target = tmp_path_factory.mktemp("hub") / "clone"
    git("clone", "--quiet", str(PROJECT), str(target))
    for name in git("ls-files", "-z", "--modified", "--others", "--exclude-standard").split("\0"):
        if (PROJECT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, target / name)
        elif name:
            (target / name).unlink()  # deleted, and not committed yet
    return target


@pytest.fixture
def project(clone: Path, empty_mlflow_store: Path) -> Path:
    """The clone after the page's first command, with the model named and records to train on."""
    git("-C", str(clone), "clean", "-fdXq", "data")  # what the test before has made
    shutil.rmtree(clone / "conf" / "local")
    (clone / "conf" / "local").mkdir()
    subprocess.run(command("cp "), shell=True, cwd=clone, check=True)
    set_local(clone, "globals.yml", base_model=str(family_folder("qwen3").path))
    shutil.copy(empty_mlflow_store, clone / "mlflow.db")
    records = [
        {"instruction": f"Add {n} and {n + 1}.", "input": "", "output": f"{n} + {n + 1} = {2 * n + 1}"}
        for n in range(40)
    ]
    (clone / "records.json").write_text(json.dumps(records))
    return clone


def set_local(project: Path, file: str, **changes: Any) -> None:
    """Change keys of a file in conf/local; of one that is not there, make it."""
    settings = project / "conf" / "local" / file
    before = yaml.safe_load(settings.read_text()) if settings.exists() else {}
    for key, value in changes.items():
        is_group = isinstance(value, dict) and isinstance(before.get(key), dict)
        before[key] = before[key] | value if is_group else value
    settings.write_text(yaml.safe_dump(before))


def typed(project: Path, text: str, *more: str, fails: bool = False, **variables: str) -> str:
    """What the command prints, typed in `project`; it has to succeed, or to fail."""
    words = shlex.split(text)
    assert words[0] == "kedro"
    environment = os.environ | {
        "PYTHONPATH": str(project / "src"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{project / 'mlflow.db'}",
        **variables,
    }
    done = run_kedro(*words[1:], *more, cwd=project, env=environment)
    assert (done.returncode != 0) is fails, done.stderr[-3000:]
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_page_leads_from_records_to_an_export_that_plain_transformers_reads(project):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The page's records are longer than this small model's context, and the check says so, as a run would.
    assert "sft.max_length" in typed(project, command("kedro check"), fails=True)
    assert "alpaca" in typed(project, command("kedro check"), f"--params={SMALL}").lower()
    run = command("kedro run", holding="strategy=source")
    typed(project, f"{run},{SMALL}")
    printed = typed(project, command("kedro export").replace("path/to/export", "made"))
    for server in ("transformers", "vllm"):
        assert f"{server} serve {project / 'made'} --port 8000" in printed
        # The page shows the same lines.
        assert f"{server} serve path/to/export --port 8000" in PAGE.read_text()
    model = AutoModelForCausalLM.from_pretrained(project / "made")
    assert str(model.dtype) == "torch.bfloat16"  # as conf/hub saves it
    tokenizer = AutoTokenizer.from_pretrained(project / "made")
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.chat_template
    assert tokenizer.eos_token_id in model.generation_config.eos_token_id
    base = json.loads((project / "made" / "base_model.json").read_text())
    assert base["digest"] == family_folder("qwen3").digest


def sum_or_rating(body: dict[str, Any], index: int) -> str:
    question = body["messages"][-1]["content"]
    if "[Response]" in question:
        return "Rating: 9"
    first, second = map(int, re.findall(r"\d+", question)[-2:])
    return f"{first} + {second} = {first + second}"


@pytest.mark.slow
def test_a_teacher_answers_a_judge_rates_and_a_base_without_template_learns_in_plain_turns(project):
    """Section 5 on two real servers with a key each; section 2's template, as conf/hub says it."""
    (template,) = re.findall(
        r"# (chat_template_path: .*)", (PROJECT / "conf/hub/parameters_sft.yml").read_text()
    )
    assert template in PAGE.read_text()
    set_local(project, "parameters_sft.yml", sft=yaml.safe_load(template))
    set_local(project, "globals.yml", base_model=str(family_folder("llama").path))
    variable = command("export TEACHER").removeprefix("export ").partition("=")[0]
    keys = {variable: "sk-teacher-0123456789", "JUDGE_API_KEY": "sk-judge-0123456789"}
    run = f"{command('kedro run', holding='budget_usd')},{SMALL}"
    with ChatServer() as teacher, ChatServer() as judge:
        teacher.text = judge.text = sum_or_rating
        endpoint = {"base_url": teacher.base_url, "model": MODEL, "api_key_env": variable}
        set_local(project, "globals.yml", teacher=endpoint, **block("judge"))
        set_local(project, "globals.yml", judge={"base_url": judge.base_url})
        told = typed(project, run, **keys)
        assert teacher.keys == {"Bearer sk-teacher-0123456789"}
        assert judge.keys == {"Bearer sk-judge-0123456789"}
        assert (len(teacher.requests), len(judge.requests)) == (24, 24)
        assert {body["model"] for body in judge.requests} == {block("judge")["judge"]["model"]}
    assert not any(key in told for key in keys.values())
    assert "24 of 24 queries have an answer" in told
    (trained,) = (project / "data/06_models/sft_model").glob("*/sft_model/chat_template.jinja")
    assert "### " in trained.read_text()


@pytest.fixture
def s3():
    """A real S3 server with the page's bucket, and the variables that lead there."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s3cr3t-never-to-be-seen"}
    place = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    client = boto3.client(
        "s3",
        endpoint_url=place["AWS_ENDPOINT_URL"],
        region_name="us-east-1",
        aws_access_key_id="me",
        aws_secret_access_key="any",
    )
    client.create_bucket(Bucket=block("instruction_pool")["instruction_pool"]["filepath"].split("/")[2])
    yield client, keys | place
    server.stop()


@pytest.mark.slow
def test_a_pool_in_a_store_is_made_once_and_commands_that_read_this_disk_alone_say_so(project, s3):
    client, variables = s3
    entry = block("instruction_pool")
    set_local(project, "catalog.yml", **entry)
    set_local(project, "credentials.yml", **block("store"))
    run = "kedro run --pipeline=ingestion --params=data=records.json"
    told = typed(project, run, **variables)
    _, _, bucket, pool = entry["instruction_pool"]["filepath"].split("/")
    (stored,) = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert stored["Key"].startswith(f"{pool}/") and stored["Key"].endswith(f"/{pool}")
    assert not (project / "data/03_primary" / pool).exists()
    assert "nothing to do" in typed(project, f"{run} --dry-run", **variables)
    for other in ("kedro explain records.json:1", "kedro prune"):
        refused = typed(project, other, fails=True, **variables)
        assert "instruction_pool" in refused and "on this disk" in refused and "Traceback" not in refused
        told += refused
    assert variables["AWS_SECRET_ACCESS_KEY"] not in told


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
        assert context.catalog.load("params:teacher").base_url.startswith("http://127.0.0.1")
        plain = project_path / "conf" / "hub" / "plain_turns.jinja"
        assert plain.is_file() and "eos_token" in plain.read_text()
