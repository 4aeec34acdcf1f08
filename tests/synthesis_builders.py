"""A writer that asks a real server, and seed tasks in both languages."""

from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker, RequestParameters
from instruction_tuning.synthesis.asking import Writer
from instruction_tuning.synthesis.written_rows import seed_rows

SUBJECTS = (
    "river",
    "kettle",
    "violin",
    "harbour",
    "lantern",
    "meadow",
    "anchor",
    "bridge",
    "candle",
    "orchard",
)
CHINESE_SUBJECTS = ("河流", "茶壶", "二胡", "港口", "灯笼", "草地", "船锚", "石桥", "蜡烛", "果园")


def request_parameters(folder: Path, **changes: Any) -> RequestParameters:
    """Patient enough for a busy machine, and with a store of its own."""
    values: dict[str, Any] = {
        "max_concurrency": 16,
        "max_retries": 2,
        "rate_limit_patience_seconds": 20,
        "max_failure_rate": 0.05,
        "budget_usd": None,
        "progress_seconds": 60,
        "completion_store": folder / "completions.sqlite",
    }
    return RequestParameters(**(values | changes))


def writer_to(base_url: str, folder: Path, *, max_unreadable_rate: float = 0.3) -> Writer:
    """Asks the server at `base_url`."""
    asker = Asker(request_parameters(folder))
    endpoint = Endpoint(base_url=base_url, model="a-model")
    return Writer(
        lambda requests: asker.ask(endpoint, requests),
        temperature=0.7,
        max_unreadable_rate=max_unreadable_rate,
        seed=3,
    )


def seed_tasks() -> pd.DataFrame:
    """Ten tasks in each language, every other one classification."""
    rows = []
    for number, (english, chinese) in enumerate(zip(SUBJECTS, CHINESE_SUBJECTS, strict=True)):
        label = number % 2 == 0
        rows.append(
            {
                "id": f"en_{number}",
                "instruction": f"{'Is it about' if label else 'Tell a story of'} a {english}, no. {number}?",
                "input": f"The {english} was old." if label else "",
                "output": "yes" if label else f"There was a {english}.",
                "is_classification": label,
                "language": "en",
            }
        )
        rows.append(
            {
                "id": f"zh_{number}",
                "instruction": f"{'这段话说的是不是' if label else '请讲一个故事，写一写'}{chinese}",
                "input": f"{chinese}很旧。" if label else "",
                "output": "是" if label else f"从前有{chinese}。",
                "is_classification": label,
                "language": "zh",
            }
        )
    return pd.DataFrame(rows)


def seeds() -> pd.DataFrame:
    """The seed tasks as rows of round 0."""
    return seed_rows(seed_tasks())
