"""What `make install` shows to somebody who sees the project for the first time."""

import re
from fnmatch import fnmatch
from pathlib import Path

import yaml


def test_installing_says_what_it_does_and_does_not_show_its_shell(project_path: Path) -> None:
    makefile = (project_path / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^\$\(INSTALLED\):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    commands = re.sub(r"\\\n\s*", "", recipe[1]).splitlines()
    assert all(command.startswith("\t@") for command in commands), commands
    first_long = next(index for index, command in enumerate(commands) if "pip install" in command)
    assert any(re.search(r"echo .*GB", command) for command in commands[:first_long])


def test_cleaning_takes_everything_that_runs_save(project_path: Path) -> None:
    makefile = (project_path / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^clean:\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    removed = recipe[1].replace("\\", "").split()
    entries = [
        entry
        for file in (project_path / "conf/base").glob("catalog*.yml")
        for entry in yaml.safe_load(file.read_text(encoding="utf-8")).values()
    ]
    made = {entry["filepath"] for entry in entries if entry.get("versioned")}
    assert len(made) > 50
    assert [place for place in sorted(made) if not any(fnmatch(place, known) for known in removed)] == []
