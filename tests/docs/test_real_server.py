"""benchmarks/real_server.py against a real model server, where one is named."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_a_real_server_answers_and_rates_and_is_paid_once(project_path):
    """REAL_SERVER_PYTHON names a Python that has transformers[serving]; docs/hub.md has what it found."""
    if not os.environ.get("REAL_SERVER_PYTHON"):
        pytest.skip("REAL_SERVER_PYTHON names no Python that has transformers[serving]")
    done = subprocess.run(
        [sys.executable, "benchmarks/real_server.py"],
        cwd=project_path,
        env=os.environ | {"PYTHONPATH": str(project_path / "src")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {line[:36].strip(): line[37:] for line in done.stdout.splitlines()}
    # How many of the 20 have a text is the model's affair, whose base was never taught to answer.
    assert int(found["answers"].partition(" of 20; ")[0]) > 0, found
    assert found["usage reported"] == "100%"
    assert found["second run"] == "nothing sent, same answers"
