"""A hub of one model or data set on loopback: what `snapshot_download` asks for, and a hub's refusals."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MODEL = "maker/small-model"
_REFUSALS = {
    "maker/gated": (403, "GatedRepo"),
    "maker/nothing": (404, "RepoNotFound"),
    "maker/broken": (500, "ServerError"),
}


class HubServer:
    """Serves the files below `folder` as `maker/small-model`, model and data set; `address` is for
    HF_ENDPOINT."""

    def __init__(self, folder: Path) -> None:
        files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }
        self.served: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(handler) -> None:
                self._answer(handler, files)

            def do_GET(handler) -> None:
                self._answer(handler, files)

            def log_message(handler, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, handler: BaseHTTPRequestHandler, files: dict[str, bytes]) -> None:
        path = handler.path.partition("?")[0].removeprefix("/")
        for model, (status, code) in _REFUSALS.items():
            if model in path:
                return _send(handler, status, b"{}", {"X-Error-Code": code})
        name = path.rpartition("/")[2]
        path = path.removeprefix("datasets/")
        if path.startswith((f"api/models/{MODEL}", f"api/datasets/{MODEL}")):
            if "/revision/" in path and name not in ("main", COMMIT):
                return _send(handler, 404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            if "/tree/" in path:
                tree = [
                    {"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                    for file, data in files.items()
                ]
                return _send(handler, 200, json.dumps(tree).encode(), {})
            facts = {"id": MODEL, "sha": COMMIT, "siblings": [{"rfilename": file} for file in files]}
            return _send(handler, 200, json.dumps(facts).encode(), {})
        asked = path.removeprefix(f"{MODEL}/resolve/").partition("/")
        if path.startswith(f"{MODEL}/resolve/") and (name := unquote(asked[2])) in files:
            if handler.command == "GET":
                self.served.append(name)
            etag = hashlib.sha256(files[name]).hexdigest()
            return _send(handler, 200, files[name], {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT})
        return _send(handler, 404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(body)
