"""What `make install` shows to somebody who sees the project for the first time."""

import re
from pathlib import Path


def test_installing_says_what_it_does_and_does_not_show_its_shell(project_path: Path) -> None:
    makefile = (project_path / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^\$\(INSTALLED\):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    commands = re.sub(r"\\\n\s*", "", recipe[1]).splitlines()
    assert all(command.startswith("\t@") for command in commands), commands
    first_long = next(index for index, command in enumerate(commands) if "pip install" in command)
    assert any(re.search(r"echo .*GB", command) for command in commands[:first_long])
