"""Running asynchronous work to its end from code that is not, also where a loop runs already."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any


def run_to_end(work: Callable[[], Coroutine[Any, Any, None]], interrupt: Callable[[], object]) -> None:
    """Run `work()`; a notebook has a loop of its own in this thread, so there it gets another thread.

    Ctrl-C cancels the work, or, where it is in that other thread, calls `interrupt`.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work())
        return
    with ThreadPoolExecutor(max_workers=1) as executor:
        try:
            executor.submit(asyncio.run, work()).result()
        except KeyboardInterrupt:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                interrupt()
            raise
