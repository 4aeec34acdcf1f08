"""kedro-viz and MLflow, looked at in Chromium after a real run."""

from pathlib import Path
from typing import Any

import pytest
from collapsed_chain import layers_of, stage_boundary, stages
from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAYERS = [
    "01_raw",
    "02_intermediate",
    "03_primary",
    "04_feature",
    "05_model_input",
    "06_models",
    "07_model_output",
    "08_reporting",
]
NODE_TEXTS, LAYER_NAMES = ".pipeline-node__text", ".pipeline-layer-name"


@pytest.fixture(scope="module")
def version(finished_run: Any) -> Any:
    """The version that the run registered."""
    from mlflow import MlflowClient

    client = MlflowClient(finished_run.environment["MLFLOW_TRACKING_URI"])
    return client.get_model_version_by_alias("sft-model", "challenger")


@pytest.fixture(scope="module")
def chain_and_catalog(project_path: Path) -> tuple[Pipeline, dict[str, Any]]:
    """The default pipeline, and the catalog's entries as they are written."""
    bootstrap_project(project_path)
    # `base`: whatever the developer has in conf/local.
    with KedroSession.create(project_path, env="base") as session:
        return pipelines["__default__"], session.load_context().config_loader["catalog"]


def test_the_collapsed_chain_shows_stages_and_what_passes_between_them_in_layers(
    page, servers, chain_and_catalog
):
    chain, entries = chain_and_catalog
    drawn = sorted([*stages(chain), *stage_boundary(chain)])
    layers = layers_of(stage_boundary(chain), entries)
    page.open(f"{servers.kedro_viz}/?pid=__default__")
    assert sorted(page.wait_for(NODE_TEXTS, count=len(drawn))) == drawn
    assert page.wait_for(LAYER_NAMES, count=len(layers)) == layers
    assert page.errors() == []


def test_the_expanded_chain_names_every_step_and_all_layers(page, servers):
    page.open(f"{servers.kedro_viz}/?pid=__default__&expandAllPipelines=true")
    shown = page.wait_for(NODE_TEXTS, count=60)
    assert set(shown) >= {"read_raw_records", "fine_tune_base_model", "judge_candidate", "write_run_report"}
    assert page.wait_for(LAYER_NAMES, count=len(LAYERS)) == LAYERS
    assert page.errors() == []


def test_a_figure_opens(page, servers):
    page.open(f"{servers.kedro_viz}/?pid=__default__&expandAllPipelines=true&sn=ability_figure")
    assert "ability_figure" in page.wait_for(".pipeline-metadata__title")[0]
    page.wait_for(".pipeline-plotly-chart .main-svg")
    assert page.errors() == []


def test_a_data_set_shows_its_first_rows(page, servers):
    page.open(f"{servers.kedro_viz}/?pid=__default__&sn=selected_queries")
    page.wait_for_text("selected_because")
    assert page.errors() == []


def test_the_page_of_a_model_version_shows_card_verdict_alias_and_tags(page, servers, version):
    page.open(f"{servers.mlflow}/#/models/sft-model/versions/{version.version}")
    verdict = "pass" if version.tags["validation_status"] == "passed" else "fail"
    shown = page.wait_for_text(f"Verdict: {verdict}", "challenger", "data.base_model")
    assert "Supervised fine-tuned model" in shown and "##" not in shown and "|---" not in shown
    page.scroll_down()
    page.wait_for_text("validation_status")
    assert page.errors() == []


def test_the_page_of_the_logged_model_shows_scores_tied_to_their_data(page, servers, version):
    from mlflow import MlflowClient

    model_id = version.source.removeprefix("models:/")
    experiment = MlflowClient(servers.mlflow).get_logged_model(model_id).experiment_id
    page.open(f"{servers.mlflow}/#/experiments/{experiment}/models/{model_id}")
    page.wait_for_text("heldout_loss_after", "benchmark_items", f"sft-model\nv{version.version}")
    assert page.errors() == []
