"""A million Alpaca-sized records through ingestion: seconds and peak memory of each node; kill -9 and resume.

    REAL_DATA_DIR=path/to/data python benchmarks/million.py [--rows=1000000] [--kills=5]
    REAL_DATA_DIR=path/to/data python benchmarks/million.py --rows=300000 --kills=0 --pipeline=query_selection

Writes the rows as one JSON Lines file: those of Stanford Alpaca (in REAL_DATA_DIR; without it, rows made of
invented words), perturbed by a seed, with exact copies, near copies, empty answers and broken lines among
them. Runs `kedro run --pipeline=ingestion` (or another chain) on the file in a scratch copy of the project,
and looks at the memory and CPU time of the process and its children (RSS, ten times a second).

Then the same in a second copy that is killed (SIGKILL, with its children) at so many random points and
started again each time; at the end every stored data set of both copies has to have the same bytes. Prints
Markdown; exit status 1 above 4 GiB, or when bytes differ.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from sft_lift import copy_project

ALPACA = "alpaca_en/alpaca_data.parquet"
LIMIT_GIB = 4.0
SAMPLE_SECONDS = 0.1
KEDRO = [sys.executable, "-m", "kedro", "run"]
Row = dict[str, str]


@dataclass
class Measured:
    """One run: its wall seconds, and of its processes now and then (time, bytes held, seconds of CPU)."""

    seconds: float = 0.0
    killed: bool = False
    samples: list[tuple[float, int, float]] = field(default_factory=list)

    def peak_gib(self, start: float = 0.0, end: float = float("inf")) -> float:
        """The most memory between two times (seconds since 1970)."""
        return max((held for at, held, _ in self.samples if start <= at <= end), default=0) / 2**30

    def cpu_seconds(self, start: float = 0.0, end: float = float("inf")) -> float:
        """The work between two times, which other programs on the machine do not stretch."""
        spent = [cpu for at, _, cpu in self.samples if start <= at <= end]
        return max(spent) - min(spent) if spent else 0.0


def main() -> int:
    """Make rows, run, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pipeline", default="ingestion")
    parser.add_argument("--scratch", type=Path, help="an empty folder to work in, which stays")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = given.scratch or Path(temporary)
        scratch.mkdir(parents=True, exist_ok=True)
        file = scratch / "rows" / "alpaca_perturbed.jsonl"
        file.parent.mkdir(exist_ok=True)
        write_rows(file, given.rows, given.seed)
        sys.stdout.write(f"{given.rows:,} rows, {file.stat().st_size / 2**20:,.0f} MiB\n\n")
        calm = copy_project(scratch / "undisturbed")
        measured = run(calm, file, pipeline=given.pipeline)
        sys.stdout.write(node_table(calm, measured))
        sys.stdout.write(f"\n{counts(calm)}\n")
        is_same = not given.kills or survives_kills(
            calm, measured.seconds, file, given.kills, given.seed, given.pipeline
        )
    return int(measured.peak_gib() > LIMIT_GIB or not is_same)


def write_rows(file: Path, rows: int, seed: int) -> None:
    """`rows` JSON lines; of a hundred, one is an exact copy, one a near copy, one broken or unanswered."""
    base = _base_rows(seed)
    words = sorted({word for row in base[:5000] for word in row["instruction"].split() if word.isalpha()})
    rng = random.Random(seed)
    last = base[0]
    with file.open("w", encoding="utf-8", newline="\n") as stream:
        for number in range(rows):
            draw = rng.random()
            if draw < 0.01:
                row = last
            elif draw < 0.02:
                row = last | {"instruction": f"Please {last['instruction'].lower()}"}
            else:
                row = last = _perturbed(base[number % len(base)], words, rng)
            if 0.02 <= draw < 0.025:
                row = row | {"output": ""}
            line = json.dumps(row, ensure_ascii=False)
            stream.write((line[: len(line) // 2] if 0.025 <= draw < 0.03 else line) + "\n")


def _base_rows(seed: int) -> list[Row]:
    folder = os.environ.get("REAL_DATA_DIR")
    if folder and (Path(folder) / ALPACA).is_file():
        import pyarrow.parquet

        columns = ["instruction", "input", "output"]
        return list(pyarrow.parquet.read_table(Path(folder) / ALPACA, columns=columns).to_pylist())
    rng = random.Random(seed)
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    words = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(20_000)]

    def text(fewest: int, most: int) -> str:
        return " ".join(rng.choices(words, k=rng.randint(fewest, most)))

    return [
        {
            "instruction": text(6, 16),
            "input": text(5, 40) if rng.random() < 0.4 else "",
            "output": text(10, 90),
        }
        for _ in range(50_000)
    ]


def _perturbed(row: Row, words: list[str], rng: random.Random) -> Row:
    """Another request: two words of the instruction and one in ten of the answer are replaced."""
    return {
        "instruction": _replaced(row["instruction"], words, rng, 2),
        "input": row["input"],
        "output": _replaced(row["output"], words, rng, max(1, len(row["output"]) // 60)),
    }


def _replaced(text: str, words: list[str], rng: random.Random, count: int) -> str:
    said = text.split(" ")
    for _ in range(count):
        said[rng.randrange(len(said))] = rng.choice(words)
    return " ".join(said)


def run(
    project: Path, file: Path, *, pipeline: str = "ingestion", kill_after: float | None = None
) -> Measured:
    """`kedro run --pipeline=…` in `project`, killed with all its children after so many seconds."""
    measured, started = Measured(), time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    process = subprocess.Popen(
        [*KEDRO, f"--pipeline={pipeline}", f"--params=data={file}"],
        cwd=project,
        env=environment,
        stdout=sys.stderr,
        start_new_session=True,
    )
    while process.poll() is None:
        measured.samples.append((time.time(), *_use(process.pid)))
        if kill_after is not None and time.monotonic() - started > kill_after:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            measured.killed = True
        time.sleep(SAMPLE_SECONDS)
    measured.seconds = time.monotonic() - started
    if process.returncode and not measured.killed:
        raise SystemExit(f"the run failed with status {process.returncode}")
    return measured


def _use(pid: int) -> tuple[int, float]:
    """Bytes held by the process and all below it, and the seconds of CPU that they have used."""
    held, cpu = 0, 0.0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                held += process.memory_info().rss
                times = process.cpu_times()
                cpu += times.user + times.system
    return held, cpu


def node_table(project: Path, measured: Measured) -> str:
    """A row a node: seconds, and the most memory while it ran, loading and saving included."""
    lines = ["| node | seconds | CPU seconds | peak GiB |\n|---|---:|---:|---:|\n"]
    whole = ("whole process", 0.0, measured.seconds)
    for node, start, end in (*_executions(project), whole):
        span = () if node == whole[0] else (start, end)
        lines.append(
            f"| {node.removeprefix('ingestion.')} | {end - start:.1f} | {measured.cpu_seconds(*span):.1f} | "
            f"{measured.peak_gib(*span):.2f} |\n"
        )
    return "".join(lines)


def _executions(project: Path) -> Iterator[tuple[str, float, float]]:
    found = []
    for file in (project / "data/.executions").glob("*/*.json"):
        said = json.loads(file.read_text(encoding="utf-8"))
        end = datetime.fromisoformat(said["finished_at"]).timestamp()
        found.append((said["node"], end - said["seconds"], end))
    yield from sorted(found, key=lambda one: one[2])


def counts(project: Path) -> str:
    """Rows of what came out."""
    import pyarrow.parquet

    stored = {name: file for name, file in stored_files(project).items() if name.endswith(".parquet")}
    names = ("instruction_pool", "rejected_records", "source_documents")
    rows = {
        Path(name).stem: pyarrow.parquet.ParquetFile(file).metadata.num_rows for name, file in stored.items()
    }
    return ", ".join(f"{name} {rows[name]:,}" for name in names)


def stored_files(project: Path) -> dict[str, Path]:
    """Name -> file of the newest version of every versioned data set."""
    newest: dict[str, Path] = {}
    for folder in sorted((project / "data").glob("0*_*/*/*Z")):
        for file in folder.iterdir():
            newest[f"{folder.parent.parent.name}/{file.name}"] = file
    return newest


def survives_kills(calm: Path, seconds: float, file: Path, kills: int, seed: int, pipeline: str) -> bool:
    """Whether a run that is killed `kills` times and resumed ends with the bytes of `calm`."""
    rng = random.Random(seed + 1)
    project = copy_project(calm.parent / "killed")
    killed = 0
    while killed < kills:
        left = seconds - sum(end - start for _, start, end in _executions(project))
        attempt = run(project, file, pipeline=pipeline, kill_after=rng.uniform(2.0, max(4.0, 0.6 * left)))
        done = [node for node, _, _ in _executions(project)]
        if not attempt.killed:
            break
        killed += 1
        sys.stdout.write(f"killed after {attempt.seconds:.0f} s: {len(done)} nodes were done\n")
    last = run(project, file, pipeline=pipeline)
    same, different = [], []
    theirs = stored_files(project)
    for name, path in stored_files(calm).items():
        is_same = name in theirs and _digest(path) == _digest(theirs[name])
        (same if is_same else different).append(name)
    sys.stdout.write(
        f"{killed} kills, then a run of {last.seconds:.0f} s: {len(same)} data sets with the same bytes, "
        f"{len(different)} with others{': ' if different else ''}{', '.join(different)}\n"
    )
    return bool(same) and not different


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
