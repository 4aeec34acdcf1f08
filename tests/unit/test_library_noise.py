"""What libraries would say beside the project's own lines, and what would lead its readers astray."""

import subprocess
import sys

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from instruction_tuning.runner import InterruptibleRunner

# A model of one device has no plan for several, and transformers warns of each layer.
LOADS_A_MODEL = """
import logging.config, sys, yaml
logging.config.dictConfig(yaml.safe_load(open(sys.argv[1], encoding="utf-8")))
from transformers.distributed.tensor_parallel import logger, verify_tp_plan
verify_tp_plan(["model.embed_tokens.weight"], {})
logger.error("an error is still told")
"""


def test_a_model_on_one_device_is_not_said_to_be_unsharded(project_path):
    command = [sys.executable, "-c", LOADS_A_MODEL, str(project_path / "conf" / "logging.yml")]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stderr
    assert "not sharded" not in told and "an error is still told" in told


def test_a_failed_run_is_not_told_to_start_from_a_node(caplog):
    def fail(number: int) -> int:
        raise ValueError("no")

    nodes = Pipeline(
        [Node(lambda number: number, "given", "passed", name="first"), Node(fail, "passed", "x", name="last")]
    )
    with pytest.raises(ValueError, match="no"):
        InterruptibleRunner().run(nodes, DataCatalog({"given": MemoryDataset(1)}))
    assert "from-nodes" not in caplog.text and "No nodes ran" not in caplog.text
