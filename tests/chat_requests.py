"""Questions to a `ChatServer`, and the endpoint that it is."""

from typing import Any

from chat_server import MODEL, ChatServer

from instruction_tuning.lm.chat_request import ChatRequest, chat_request
from instruction_tuning.lm.protocol import Endpoint


def endpoint(server: ChatServer, model: str = MODEL, **changes: Any) -> Endpoint:
    """Patient for five seconds, and free, unless it is said otherwise."""
    return Endpoint(base_url=server.base_url, model=model, **{"timeout_seconds": 5.0, **changes})


def asking(
    count: int, *, samples: int = 1, max_tokens: int = 16, kind: str = "answer", **changes: Any
) -> list[ChatRequest]:
    """Requests `question 0`, `question 1`, …, each with its number as the seed."""
    return [
        chat_request(
            f"record{number:03d}",
            kind,
            [{"role": "user", "content": f"question {number}"}],
            num_samples=samples,
            max_tokens=max_tokens,
            seed=number,
            **{"temperature": 0.7, **changes},
        )
        for number in range(count)
    ]
