"""MLflow's client, for all that ask the registry: a store that cannot be used is said so within seconds.

Left to itself MLflow tries a server that is down for minutes, and an address that is none is a traceback.
"""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from instruction_tuning.datasets.registry_store import SQLITE, sqlite_file
from instruction_tuning.errors import ConfigurationError, WorkspaceError
from instruction_tuning.transactions import SQLITE_HEADER

if TYPE_CHECKING:
    from mlflow import MlflowClient

TRACKING_URI = "MLFLOW_TRACKING_URI"
ANSWER_TIMEOUT_SECONDS = 5.0
# How often MLflow asks again, and how long it waits each time.
_IMPATIENT = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
_before: dict[str, str | None] = {}  # what was said of them while MLflow is impatient
_WEB_PORTS = {"http": 80, "https": 443}
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_HOST_AND_PORT = re.compile(r"[\w.-]+:\d+(/.*)?")
_SECRET_PARTS = re.compile(r"(?<=://)[^/\s]*@|\?\S*")
_NAMES = "name a server (http://host:5000) or a database (sqlite:////folder/mlflow.db) that works"
_OWN_STORE = f"`unset {TRACKING_URI}` to use the project's own mlflow.db"


@contextmanager
def registry_client() -> Iterator["MlflowClient"]:
    """The client of the store that `MLFLOW_TRACKING_URI` names.

    Raises `ConfigurationError` where no such store can be used, and for what MLflow refuses in the `with`.
    """
    uri = os.environ.get(TRACKING_URI, "")
    require_reachable(uri)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        try:
            client = MlflowClient()
        except ImportError as error:  # a database's driver
            raise MlflowException(str(error)) from error
        yield client
    except (MlflowException, SQLAlchemyError) as error:
        mend = "move away an old mlflow.db" if uri.startswith(SQLITE) else _NAMES
        raise ConfigurationError(
            f"MLflow's store cannot be used ({shown(uri)}): {shown(str(error).splitlines()[0])}",
            field=TRACKING_URI,
            fix=f"{mend}, or {_OWN_STORE}",
        ) from error


def require_reachable(uri: str) -> None:
    """Raise `ConfigurationError` for no address, a file that is no database, and where nobody answers."""
    file = sqlite_file(uri)
    if file is not None and file.is_file() and not _is_database(file):
        raise ConfigurationError(
            "MLflow's store is no sqlite database",
            file=file,
            field=TRACKING_URI,
            fix=f"move the file away, or {_OWN_STORE}",
        )
    if _HOST_AND_PORT.fullmatch(uri):
        raise ConfigurationError(
            f"`{uri}` is no address of an MLflow server",
            field=TRACKING_URI,
            fix=f"write http://{uri}, or {_OWN_STORE}",
        )
    try:
        parts = urlsplit(uri)
        silence = _silence(parts, parts.port)
    except ValueError as error:
        silence = str(error)
    if silence is not None:
        raise ConfigurationError(
            f"no MLflow server answers at {shown(uri)}: {silence}",
            field=TRACKING_URI,
            fix=f"start the server, or {_OWN_STORE}",
        )


def require_writable(uri: str) -> None:
    """Raise `WorkspaceError` for a store in a sqlite file that this user cannot write, or make."""
    file = sqlite_file(uri)
    if file is None:
        return
    folder = next(parent for parent in file.parents if parent.exists())
    for place in [folder, *[file] * file.exists()]:
        if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise WorkspaceError(
                "MLflow's store cannot be written",
                file=place,
                fix=f"make it writable for you, or set {TRACKING_URI} to a store elsewhere",
            )


def wait_no_longer_for_the_silent() -> None:
    """Where nobody answers any more, further questions wait seconds, not minutes, until somebody does."""
    try:
        require_reachable(os.environ.get(TRACKING_URI, ""))
    except ConfigurationError:
        if not _before:
            _before.update({name: os.environ.get(name) for name in _IMPATIENT})
            os.environ.update(_IMPATIENT)


def wait_as_before() -> None:
    """Take back `wait_no_longer_for_the_silent` where a server answers again."""
    if not _before:
        return
    with suppress(ConfigurationError):
        require_reachable(os.environ.get(TRACKING_URI, ""))
        for name, value in _before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        _before.clear()


def shown(text: str) -> str:
    """`text` without what may be a password in the addresses in it."""
    return _SECRET_PARTS.sub("", text)


def _is_database(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(SQLITE_HEADER)) in (b"", SQLITE_HEADER)


def _silence(parts: SplitResult, port: int | None) -> str | None:
    """Why nobody answers; null where somebody does, or where there is nobody to ask, as in a file."""
    if parts.scheme in _WEB_PORTS:
        host = parts.netloc.rpartition("@")[2]
        return _web_silence(f"{parts.scheme}://{host}{parts.path.rstrip('/')}/health")
    default = _DATABASE_PORTS.get(parts.scheme.partition("+")[0])
    if default is None or parts.hostname is None:
        return None
    try:
        socket.create_connection((parts.hostname, port or default), ANSWER_TIMEOUT_SECONDS).close()
    except OSError as error:
        return str(error)
    return None


def _web_silence(address: str) -> str | None:
    """A refusal is an answer, but not a gateway's with no server behind it. MLflow checks certificates."""
    import ssl
    import urllib.error
    import urllib.request
    from http.client import HTTPException

    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    try:
        urllib.request.urlopen(address, timeout=ANSWER_TIMEOUT_SECONDS, context=unchecked).close()
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code} {error.reason}" if error.code >= 500 else None
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, HTTPException) as error:
        return str(error) or type(error).__name__
    return None
