"""Read the prompt files of this folder and fill their placeholders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.read_prompts import digest_of, note_read

_FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Prompt:
    """A prompt file's text; `digest` is the first 12 hex digits of its SHA-256."""

    name: str
    text: str
    digest: str

    @property
    def path(self) -> Path:
        """The file."""
        return _FOLDER / f"{self.name}.txt"

    def filled_with(self, value: str) -> str:
        """The text with `value` in the place of every placeholder, whatever those are called."""
        return _PLACEHOLDER.sub(lambda _: value, self.text)

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with every `{placeholder}` replaced once; braces inside the values stay as they are.

        Raises `ConfigurationError` where the file and `values` do not name the same placeholders.
        """
        named = set(_PLACEHOLDER.findall(self.text))
        if named != set(values):
            raise ConfigurationError(
                f"the placeholders are {sorted(named)} and should be {sorted(values)}",
                file=self.path,
                fix="write each of them as {name} in the prompt file, and no others",
            )
        return _PLACEHOLDER.sub(lambda match: values[match.group(1)], self.text)


def read_prompt(name: str) -> Prompt:
    """The file `<name>.txt` of this folder, without surrounding blank lines."""
    prompt = prompt_of_file(name)
    note_read(prompt.name, prompt.digest, prompt.text)
    return prompt


@cache
def prompt_of_file(name: str) -> Prompt:
    """As `read_prompt`, but nobody hears of it; a file is read once a process."""
    path = _FOLDER / f"{name}.txt"
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        known = ", ".join(sorted(file.stem for file in _FOLDER.glob("*.txt")))
        raise ConfigurationError(
            "there is no such prompt file", file=path, fix=f"use one of: {known}"
        ) from None
    return Prompt(name, text, digest_of(text))
