"""Which prompts this process has read since somebody last asked, for whoever runs the nodes.

A node's data are of the prompts that it has read: their names, digests and texts are kept with its record.
"""

import hashlib
from dataclasses import dataclass

_READ: dict[tuple[str, str], str] = {}


@dataclass(frozen=True, order=True)
class ReadPrompt:
    """A prompt file as it was read; `digest` is that of `Prompt`."""

    name: str
    digest: str
    text: str


def digest_of(text: str) -> str:
    """The first 12 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def note_read(name: str, digest: str, text: str) -> None:
    """Note that a prompt was read, which may be the hundredth time."""
    _READ[name, digest] = text


def take_read() -> list[ReadPrompt]:
    """What was noted, by name, which is forgotten with that."""
    taken = sorted(ReadPrompt(name, digest, text) for (name, digest), text in _READ.items())
    _READ.clear()
    return taken
