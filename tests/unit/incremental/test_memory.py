"""A run holds no more than what somebody may still ask for, and gives back what it has freed."""

import platform
import subprocess
import sys

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro_datasets.json import JSONDataset

from instruction_tuning.hooks.redaction import redact
from instruction_tuning.runner import InterruptibleRunner

SESSION = "2026-01-01T00.00.00.000Z"
HELD: list[bool] = []
CATALOGS: list[DataCatalog] = []


def split(raw):
    return raw, [*raw, 1]


def add(kept):
    return sum(kept)


def look(total):
    HELD.append(CATALOGS[-1]["kept_in_memory"].exists())
    return total + 1


def look_again(total, kept):
    HELD.append(CATALOGS[-1]["kept_in_memory"].exists())
    return total + sum(kept)


def run(folder, *nodes):
    stored = {name: JSONDataset(filepath=(folder / f"{name}.json").as_posix()) for name in "abcd"}
    catalog = DataCatalog({"raw": MemoryDataset([3]), **stored})
    CATALOGS.append(catalog)
    runner, pipeline = InterruptibleRunner(), Pipeline(list(nodes))
    read = {name for node in pipeline.nodes for name in node.inputs}
    runner.incremental.open(
        folder, pipeline, catalog, session=SESSION, redact=redact, served_by={}, read_elsewhere=read
    )
    HELD.clear()
    runner.run(pipeline, catalog, run_id=SESSION)
    return list(HELD)


SPLIT = Node(split, "raw", ["a", "kept_in_memory"], name="split")
ADD = Node(add, "kept_in_memory", "b", name="add")


def test_what_lies_beside_a_stored_output_is_given_up_when_its_last_reader_has_run(tmp_path):
    assert run(tmp_path, SPLIT, ADD, Node(look, "b", "c", name="look")) == [False]


def test_it_is_held_for_a_reader_that_has_not_run(tmp_path):
    nodes = (
        SPLIT,
        ADD,
        Node(look, "b", "c", name="look"),
        Node(look_again, ["c", "kept_in_memory"], "d", name="look_again"),
    )
    assert run(tmp_path, *nodes) == [True, True]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators keep nothing back")
def test_freed_memory_goes_back_to_the_system():
    code = """
import os
from instruction_tuning.runner import give_back_freed_memory
def held(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
texts = [str(number) * 300 for number in range(100_000)]
last = texts[-1]
del texts
before = held()
give_back_freed_memory()
print(before - held())
"""
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert int(printed) > 50_000_000
