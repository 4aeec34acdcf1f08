"""Messages on a pipe: four bytes of length, then JSON. No more is read than belongs to a message."""

import json
import os
import struct
from typing import Any


def send(descriptor: int, message: Any) -> None:
    """Write the whole message; blocks while the pipe is full."""
    data = json.dumps(message).encode()
    data = struct.pack(">I", len(data)) + data
    while data:
        data = data[os.write(descriptor, data) :]


def receive(descriptor: int, limit_bytes: int) -> Any:
    """The next message; EOFError at the end, ValueError for one longer than `limit_bytes` or no JSON."""
    (length,) = struct.unpack(">I", exactly(descriptor, 4))
    if length > limit_bytes:
        raise ValueError(f"a message of {length} bytes; {limit_bytes} are the most")
    return json.loads(exactly(descriptor, length))


def exactly(descriptor: int, count: int) -> bytes:
    """The next `count` bytes; EOFError where there are fewer."""
    parts = bytearray()
    while len(parts) < count:
        part = os.read(descriptor, min(count - len(parts), 1 << 16))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
