"""The local page: plain HTTP on the loopback address, for browsers on this machine.

What keeps others out: the address (127.0.0.1); a token that only the printed address carries, in its
fragment, which browsers never send, and that the page sends as a header, which other sites' pages cannot;
the `Host` must be this machine (a name that was made to point here is refused), and so must `Origin` where
one is sent. A policy allows the page its own script and this server, nothing else.
"""

import hmac
import json
import logging
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from instruction_tuning.annotation.desk import Desk, NotOffered
from instruction_tuning.errors import InputError, InstructionTuningError, WorkspaceError

logger = logging.getLogger(__name__)

HOST = "127.0.0.1"
TOKEN_HEADER = "X-Annotation-Token"
MAX_BODY_BYTES = 4 * 2**20
_HERE = ("127.0.0.1", "localhost", "::1")
_SOCKET_SECONDS = 30.0
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class AnnotationServer(ThreadingHTTPServer):
    """Serves `desk` on 127.0.0.1:`port` (0: any free port) to those who have `token`."""

    daemon_threads = True
    # A port in use is an error, not shared.
    allow_reuse_port = False

    def __init__(self, desk: Desk, *, port: int, token: str) -> None:
        self.token = token
        self.actions: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "/api/sign_in": desk.sign_in,
            "/api/next": desk.next,
            "/api/open": desk.open,
            "/api/save": desk.save,
            "/api/undo": desk.undo,
        }
        self.page = resources.files("instruction_tuning.annotation").joinpath("page.html").read_text("utf-8")
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        """The address to open; what stands behind # stays in the browser."""
        return f"http://{HOST}:{self.server_address[1]}/#{self.token}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no news."""
        logger.debug("a request broke off", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _SOCKET_SECONDS
    server_version, sys_version = "annotation", ""
    server: AnnotationServer
    error_content_type = "text/plain; charset=utf-8"
    error_message_format = "%(code)d %(message)s\n"

    def do_GET(self) -> None:
        """The page, the same for everyone and without any data."""
        if not self._is_from_here():
            return
        if urlsplit(self.path).path not in ("/", "/index.html"):
            self._tell(HTTPStatus.NOT_FOUND, "there is only the page at /", "open the printed address")
            return
        nonce = secrets.token_urlsafe(16)
        policy = {"Content-Security-Policy": _POLICY.format(nonce=nonce)}
        self._send(HTTPStatus.OK, "text/html", self.server.page.replace("__NONCE__", nonce), policy)

    def do_POST(self) -> None:
        """One action of the page: JSON in, JSON out."""
        body = self._body()
        if body is None or not self._is_from_here() or not self._has_token():
            return
        fields = _object(body)
        if fields is None:
            self._tell(HTTPStatus.BAD_REQUEST, "the request holds no JSON object", "reload the page")
            return
        action = self.server.actions.get(urlsplit(self.path).path)
        if action is None:
            self._tell(HTTPStatus.NOT_FOUND, "there is no such action", "reload the page")
            return
        try:
            self._send(HTTPStatus.OK, "application/json", json.dumps(action(fields), ensure_ascii=False))
        except NotOffered as missing:
            problem = f"task {missing.task_id} is on no list: the tasks were changed meanwhile"
            self._tell(HTTPStatus.CONFLICT, problem, "copy your text, then go to the next task")
        except InputError as error:
            self._tell(HTTPStatus.BAD_REQUEST, error.problem, error.fix)
        except WorkspaceError as error:
            logger.error("%s", error)
            self._tell(HTTPStatus.INSUFFICIENT_STORAGE, error.problem, error.fix)
        except InstructionTuningError as error:
            self._tell(HTTPStatus.INTERNAL_SERVER_ERROR, error.problem, error.fix)

    def _is_from_here(self) -> bool:
        """Whether the browser believes that it talks to this machine, and no other site's page asks."""
        origin = self.headers.get("Origin")
        host = self.headers.get("Host", "")
        is_here = _hostname(f"//{host}") in _HERE and (origin is None or urlsplit(origin).netloc == host)
        if not is_here:
            self._tell(HTTPStatus.FORBIDDEN, "this page is for this machine only", "open the printed address")
        return is_here

    def _has_token(self) -> bool:
        given = self.headers.get(TOKEN_HEADER, "")
        fits = hmac.compare_digest(given.encode(), self.server.token.encode())
        if not fits:
            fix = "open the address that kedro annotate printed, with all that stands behind #"
            self._tell(
                HTTPStatus.UNAUTHORIZED, "the address of this page lacks its token, or an old one", fix
            )
        return fits

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if (
            self.headers.get_content_type() != "application/json"
            or not length.isascii()
            or not length.isdigit()
        ):
            self._tell(HTTPStatus.BAD_REQUEST, "the request is no JSON of a known length", "reload the page")
            return None
        if int(length) > MAX_BODY_BYTES:
            self._tell(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"more than {MAX_BODY_BYTES:,} bytes", "write less"
            )
            return None
        return self.rfile.read(int(length))

    def _tell(self, status: HTTPStatus, problem: str, fix: str) -> None:
        self.close_connection = True  # what else the request held may not have been read
        self._send(status, "application/json", json.dumps({"error": problem, "fix": fix}, ensure_ascii=False))

    def _send(self, status: HTTPStatus, kind: str, text: str, headers: dict[str, str] | None = None) -> None:
        body = text.encode(errors="replace")
        self.send_response(status)
        fixed = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if self.close_connection:
            fixed["Connection"] = "close"
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are no news; the events are in the store."""
        logger.debug(format, *args)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
