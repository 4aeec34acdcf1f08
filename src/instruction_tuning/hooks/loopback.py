"""Ports on this machine's loopback address."""

import socket

from instruction_tuning.errors import WorkspaceError

HOST = "127.0.0.1"


def require_free_port(port: int, *, setting: str, fix: str) -> None:
    """Raise `WorkspaceError` when something listens on `port` already; 0 means any, so it is always free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connection has just closed is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise WorkspaceError(
                f"port {port} on {HOST} cannot be used: {error.strerror}", field=setting, fix=fix
            ) from error
