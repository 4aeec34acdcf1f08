"""What things are called in the MLflow registry, and how its sqlite file is read without MLflow.

Importing MLflow takes seconds, a query to the file a millisecond. Any other store goes by MLflow's client.
"""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

SFT_MODEL = "sft-model"
CHALLENGER = "challenger"
CHAMPION = "champion"

DIGEST_TAG = "model_digest"
STATUS_TAG = "validation_status"
COMMAND_TAG = "command"
# Before the name of a data set behind a version; the value is `<version> <digest>`, or a digest alone.
DATA_TAG = "data."
RAW_FILE_TAG = "raw_file."
ORIGIN_TAG = "made_from."

SQLITE = "sqlite:///"
MODEL_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\d+)|@(?P<alias>[^/@]+))")


def sqlite_file(tracking_uri: str) -> Path | None:
    """The file of a store in sqlite, which need not be there yet; null for any other store."""
    return Path(tracking_uri.removeprefix(SQLITE)).absolute() if tracking_uri.startswith(SQLITE) else None


def read_only(file: Path) -> closing[sqlite3.Connection]:
    """A connection to `file`, to be used in a `with`; raises `sqlite3.Error`, as its queries may."""
    return closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True))
