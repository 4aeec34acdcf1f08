"""The notebooks run from top to bottom on a finished run, and keep to reading."""

import ast
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
CELL_TIMEOUT_SECONDS = 120

by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_there_is_a_tour():
    assert [path.name for path in NOTEBOOKS] == ["01_tour.ipynb"]


@by_name
def test_it_defines_nothing(path):
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    defined = [
        node for source in code_of(path) for node in ast.walk(ast.parse(source)) if isinstance(node, defining)
    ]
    assert defined == []


@by_name
def test_it_is_committed_without_outputs(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.id for cell in cells if cell.outputs or cell.execution_count] == []


@by_name
def test_every_step_is_explained(path):
    """No two code cells without words between them."""
    kinds = [cell.cell_type for cell in nbformat.read(path, as_version=4).cells]
    assert kinds[0] == "markdown"
    assert ("code", "code") not in set(pairwise(kinds))


@pytest.mark.slow
@by_name
def test_it_runs_on_a_finished_run(path, finished_run):
    notebook = nbformat.read(finished_run.project / "notebooks" / path.name, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_SECONDS,
        resources={"metadata": {"path": str(finished_run.project / "notebooks")}},
    )
    client.execute(env=finished_run.environment)
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
