"""A real browser, and MLflow and kedro-viz as `kedro ui` starts them on a finished run."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from ui_page import Page

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1100",
)


@dataclass(frozen=True)
class Servers:
    """Where the two user interfaces answer."""

    mlflow: str
    kedro_viz: str


def free_port() -> int:
    """A free port below the ephemeral ones: kedro-viz refuses ports above 49151."""
    for port in random.sample(range(20_000, 32_000), 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise OSError("no free port between 20000 and 32000")


@pytest.fixture(scope="session")
def chromium() -> tuple[str, str]:
    """Paths of browser and driver; without them the tests skip, or fail where a browser is required."""
    browser = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        reason = (
            f"no {'chromedriver' if browser else 'Chromium'} on the PATH: install chromium and its driver"
        )
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return browser, driver


@pytest.fixture(scope="module")
def servers(chromium: Any, finished_run: Any) -> Iterator[Servers]:
    """`kedro ui` on the finished run, until the tests are through."""
    ports = {"MLflow": free_port(), "kedro-viz": free_port()}
    command = [sys.executable, "-m", "kedro", "ui", "--env", "test"]
    command += ["--mlflow-port", str(ports["MLflow"]), "--viz-port", str(ports["kedro-viz"])]
    with subprocess.Popen(
        command,
        cwd=finished_run.project,
        env=finished_run.environment | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        said = []
        try:
            for line in process.stdout or ():
                said.append(line)
                if line.startswith("ctrl-C stops both"):
                    break
            else:
                pytest.fail(f"kedro ui ended: {''.join(said)[-3000:]}")
            yield Servers(*(f"http://127.0.0.1:{ports[name]}" for name in ("MLflow", "kedro-viz")))
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()  # leaving the block would wait for it without end
                raise
    assert process.returncode == 0


@pytest.fixture(scope="module")
def page(chromium: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One browser window for all tests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = chromium[0]
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromium[1]))
    try:
        yield Page(driver)
    finally:
        driver.quit()
