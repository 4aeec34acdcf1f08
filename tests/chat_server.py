"""A real HTTP server that speaks chat-completions and embeddings, and misbehaves on request."""

import asyncio
import hashlib
import json
import math
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web

# What to do with a body that has been seen `attempt` times before: None is a good answer.
Fault = Callable[[dict[str, Any], int], "str | dict[str, Any] | None"]
MODEL = "test-teacher"


def good_text(body: dict[str, Any], index: int) -> str:
    """A rating for a rating request, else a text that depends on the conversation, the seed and the index."""
    question = body["messages"][-1]["content"]
    digest = hashlib.sha256(json.dumps([body["messages"], body.get("seed"), index]).encode()).hexdigest()
    if "[Response]" in question:
        return f"Rating: {6 + int(digest[0], 16) % 5}"
    return f"Answer {digest[:6]} to {question}"


def good_vector(text: str, width: int) -> list[float]:
    """Depends on the text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 128 - 1 for byte in (digest * width)[:width]]


def likely(token: str, *others: tuple[str, float]) -> dict[str, Any]:
    """A token of a reply as OpenAI's API describes it; `others` are (token, probability), with its own."""
    entries = [
        {"token": text, "logprob": math.log(p), "bytes": list(text.encode())}
        for text, p in others or ((token, 1.0),)
    ]
    own = next((entry for entry in entries if entry["token"] == token), {"token": token, "logprob": -9.0})
    return {**own, "top_logprobs": entries}


class ChatServer:
    """Runs in a thread of its own; `requests` are the bodies in the order of arrival."""

    def __init__(self, fault: Fault = lambda body, attempt: None, *, delay_seconds: float = 0.0) -> None:
        self.fault = fault
        self.delay_seconds = delay_seconds
        self.usage: dict[str, Any] | None = {"prompt_tokens": 10, "completion_tokens": 20}
        self.text = good_text
        self.headers: dict[str, str] = {}  # of good answers
        self.choices_at_most = 1000
        # The tokens of a reply, by `likely`; null: it gives none.
        self.logprobs: Callable[[str], list[dict[str, Any]]] | None = None
        self.width = 4  # of an embedding, where none is asked for
        self.change_embeddings: Callable[[list[dict[str, Any]]], Any] = lambda data: data
        self.models_status = 200
        self.requests: list[dict[str, Any]] = []
        self.keys: set[str] = set()
        self.dead = False  # once true, nothing is listened to any more and open connections break
        self.in_flight = 0
        self.most_in_flight = 0
        self._seen: Counter[str] = Counter()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def served(self) -> Counter[str]:
        """How often each body arrived."""
        return Counter(json.dumps(body, sort_keys=True) for body in self.requests)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/embeddings", self._complete)
        app.router.add_get("/v1/models", self._models)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        self._site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(self._site.start())
        self.port = runner.addresses[0][1]
        started.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"data": []}, status=self.models_status)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        if self.dead:
            self._site._server.close()
            request.transport.abort()
            return web.Response()
        body = await request.json()
        self.keys.add(request.headers.get("Authorization", ""))
        self.requests.append(body)
        name = json.dumps(body, sort_keys=True)
        attempt = self._seen[name]
        self._seen[name] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self.delay_seconds)
            return await self._answer(request, body, self.fault(body, attempt))
        finally:
            self.in_flight -= 1

    async def _answer(
        self, request: web.Request, body: dict[str, Any], fault: str | dict[str, Any] | None
    ) -> web.StreamResponse:
        if isinstance(fault, dict):
            headers = fault.get("headers", {})
            return web.json_response(fault.get("body", {}), status=fault["status"], headers=headers)
        if fault == "stall":
            await asyncio.sleep(30)
        if fault == "half":
            response = web.StreamResponse(headers={"Content-Length": "5000"})
            await response.prepare(request)
            await response.write(b'{"choices": [')
            request.transport.abort()
            return response
        if fault == "drip":
            response = web.StreamResponse()
            await response.prepare(request)
            for _ in range(100):
                await response.write(b" ")
                await asyncio.sleep(0.1)
        if fault == "not_json":
            return web.Response(text="<html>Bad gateway</html>")
        if fault == "echo_key":
            return web.json_response(
                {"error": {"message": str(request.headers["Authorization"])}}, status=400
            )
        if request.path.endswith("/embeddings"):
            return self._embeddings(body)
        count = 0 if fault == "empty" else min(body.get("n", 1), self.choices_at_most)
        choices = [
            {"index": i, "message": {"content": self.text(body, i)}, "finish_reason": "stop"}
            for i in range(count)
        ]
        if body.get("logprobs") and self.logprobs is not None:
            for choice in choices:
                choice["logprobs"] = {"content": self.logprobs(choice["message"]["content"])}
        content = {"choices": choices, **({"usage": self.usage} if self.usage else {})}
        return web.json_response(content, headers=self.headers)

    def _embeddings(self, body: dict[str, Any]) -> web.Response:
        width = body.get("dimensions", self.width)
        data = [
            {"object": "embedding", "index": index, "embedding": good_vector(text, width)}
            for index, text in enumerate(body["input"])
        ]
        content = {"data": self.change_embeddings(data), **({"usage": self.usage} if self.usage else {})}
        return web.json_response(content, headers=self.headers)
