"""The project's configuration and catalog, for commands that run no pipeline."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.session import KedroSession


@contextmanager
def project_context(env: str | None, parameters: dict[str, Any] | None = None) -> Iterator[KedroContext]:
    """The context of a fresh session: configuration checked, nothing run. `parameters` as in `--params`."""
    with KedroSession.create(env=env, runtime_params=parameters) as session:
        assert isinstance(session, KedroSession)
        yield session.load_context()
