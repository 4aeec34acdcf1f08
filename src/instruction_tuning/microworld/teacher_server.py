"""The microworld's teacher as a real server: OpenAI chat-completions over HTTP on loopback.

`python -m instruction_tuning.microworld.teacher_server --port 0` prints the address that it listens on and
the name of its model, and serves until it is stopped, or until the process named by `--parent-pid` is gone.
The name carries a fingerprint of the teacher's world, faults and seed: stored answers of one teacher are
never taken for those of another.
"""

import argparse
import asyncio
import errno
import os
import sys
import time
from dataclasses import fields
from typing import Any

from aiohttp import web

from instruction_tuning.microworld.reply_forms import formed
from instruction_tuning.microworld.task_forms import CutOff
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import WORLD_SEED, build_world

MODEL = "microworld-teacher"
_PARENT_POLL_SECONDS = 1.0


def application(teacher: Teacher) -> web.Application:
    """The routes: `POST /v1/chat/completions` and `GET /v1/models`."""

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def chat_completions(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            return web.json_response(completion(teacher, body))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            message = f"not a chat-completions request: {type(error).__name__}: {error}"
            return web.json_response({"error": {"message": message}}, status=400)

    app = web.Application(client_max_size=16 * 2**20)
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", chat_completions)
    return app


def completion(teacher: Teacher, body: dict[str, Any]) -> dict[str, Any]:
    """The response body for a request body; `n` samples, a token is four characters of text."""
    messages = body["messages"]
    count = int(body.get("n") or 1)
    said = [teacher.reply(messages, int(body.get("seed") or 0), sample) for sample in range(count)]
    replies = [formed(reply, body.get("response_format")) for reply in said]
    prompt_tokens = sum(_tokens(message["content"]) for message in messages)
    completion_tokens = sum(_tokens(reply) for reply in replies)
    return {
        "id": f"chatcmpl-{time.monotonic_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [
            {
                "index": index,
                "message": {"role": "assistant", "content": reply},
                "finish_reason": "length" if isinstance(said[index], CutOff) else "stop",
            }
            for index, reply in enumerate(replies)
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _tokens(text: str) -> int:
    return len(text) // 4 + 1


async def serve(teacher: Teacher, port: int, parent_pid: int | None) -> None:
    """Serve on 127.0.0.1:`port` (0: any free port) while the parent process lives."""
    runner = web.AppRunner(application(teacher), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    address = runner.addresses[0]
    sys.stdout.write(f"listening on http://{address[0]}:{address[1]}/v1 as {MODEL}-{teacher.fingerprint}\n")
    sys.stdout.flush()
    while parent_pid is None or os.getppid() == parent_pid:
        await asyncio.sleep(_PARENT_POLL_SECONDS)
    await runner.cleanup()


def main() -> int:
    """Parse the command line and serve."""
    faults = TeacherFaults()
    parser = argparse.ArgumentParser(description="The microworld's teacher as an OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent-pid", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--error-rate", type=float, default=faults.error_rate)
    parser.add_argument("--verbosity", type=float, default=faults.verbosity)
    parser.add_argument("--rating-noise", type=float, default=faults.rating_noise)
    parser.add_argument("--unparseable-rate", type=float, default=faults.unparseable_rate)
    parser.add_argument("--tag-noise", type=float, default=faults.tag_noise)
    parser.add_argument("--evolve-failure-rate", type=float, default=faults.evolve_failure_rate)
    parser.add_argument("--task-fault-rate", type=float, default=faults.task_fault_rate)
    parser.add_argument("--position-bias", type=float, default=faults.position_bias)
    given = parser.parse_args()
    stated = TeacherFaults(**{field.name: getattr(given, field.name) for field in fields(TeacherFaults)})
    teacher = Teacher(build_world(WORLD_SEED), stated, given.seed)
    try:
        asyncio.run(serve(teacher, given.port, given.parent_pid))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.stderr.write(f"port {given.port} is taken\n")
        return 98
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
