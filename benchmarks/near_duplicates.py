"""Near-duplicate removal beside datatrove and data-juicer, on the same documents with planted copies.

    python benchmarks/near_duplicates.py --peers path/to/peers

Each peer runs in its own environment, made once by

    python -m venv path/to/peers/datatrove
    path/to/peers/datatrove/bin/pip install "datatrove[processing]" spacy orjson
    python -m venv path/to/peers/data-juicer
    path/to/peers/data-juicer/bin/pip install py-data-juicer aiohttp scipy

Documents are put together of sentences of real English text (REAL_DATA_DIR), or of made-up words where that
is not there; one in five is a copy of another with some words replaced, removed or added. The truth is the
Jaccard similarity of the two, measured on windows of five words: at 0.85 or more a pair counts as duplicates,
at 0.6 or less as different; between the two it is only reported. A pair is found when exactly one of the two
is dropped. Whatever else is dropped is a false alarm.

All three get the same settings: five-word windows, 21 bands of 6 rows. Ours verifies candidates at 0.8; the
peers do not verify. "work" is the time from the end of the imports to the ids of what is dropped, reading the
file included; "all" has interpreter and imports too, and so have the seconds of the processor. datatrove runs
its three steps; the fourth, which writes what is kept, is left out. data-juicer is measured twice: its
operator alone, and as "data-juicer-run" its executor on a configuration file, as its users run it, without
the export. Memory is the most that the processes of an engine had at one time (PSS).
"""

import argparse
import json
import os
import re
import statistics
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from planted_duplicates import WINDOW, planted, score

BANDS, ROWS, THRESHOLD = 21, 6, 0.8
RESULT = "result.json"
ENGINES = ("ours", "data-juicer", "data-juicer-run", "datatrove")


def ours(path: Path, cores: int) -> tuple[float, list[int]]:
    import pyarrow.json
    import scipy.sparse.csgraph  # noqa: F401  # what the others have imported by now, too
    from rensa import RMinHash  # noqa: F401

    from instruction_tuning.dedup.lsh_settings import LshSettings
    from instruction_tuning.dedup.minhash_lsh import near_duplicates

    started = time.monotonic()
    shards = [pyarrow.json.read_json(shard)["text"].to_pylist() for shard in sorted(path.glob("*.jsonl"))]
    texts = [text for shard in shards for text in shard]
    found = near_duplicates(
        texts,
        threshold=THRESHOLD,
        content_guard=False,
        shingle_tokens=[WINDOW],
        lsh=LshSettings(BANDS, ROWS),
        seed=1,
    )
    dropped = found.dropped().tolist()
    return time.monotonic() - started, dropped


def _data_juicer_settings() -> dict[str, object]:
    return {
        "tokenization": "space",
        "window_size": WINDOW,
        "lowercase": True,
        "ignore_pattern": r"[^\w\s]",
        "num_permutations": BANDS * ROWS,
        "jaccard_threshold": THRESHOLD,
        "num_bands": BANDS,
        "num_rows_per_band": ROWS,
    }


def data_juicer(path: Path, cores: int) -> tuple[float, list[int]]:
    import datasets
    from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator

    started = time.monotonic()
    operator = DocumentMinhashDeduplicator(**_data_juicer_settings())
    files = [str(shard) for shard in sorted(path.glob("*.jsonl"))]
    rows = datasets.load_dataset("json", data_files=files, split="train", cache_dir=str(path / "cache"))
    # What the operator's own `run` does, without its look for a GPU.
    hashed = rows.map(operator.compute_hash, num_proc=cores, load_from_cache_file=False)
    kept, _ = operator.process(hashed)
    dropped = set(range(len(rows))) - set(kept["id"])
    return time.monotonic() - started, sorted(dropped)


def data_juicer_run(path: Path, cores: int) -> tuple[float, list[int]]:
    """The same as its users run it: from a configuration file, without the export."""
    from data_juicer.config import init_configs
    from data_juicer.core.executor import DefaultExecutor

    config = {
        "project_name": "near-duplicates",
        "dataset": {
            "configs": [{"type": "local", "path": str(shard)} for shard in sorted(path.glob("*.jsonl"))]
        },
        "export_path": str(path / "out" / "kept.jsonl"),
        "np": cores,
        "process": [{"document_minhash_deduplicator": _data_juicer_settings()}],
    }
    (path / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    started = time.monotonic()
    kept = DefaultExecutor(init_configs(["--config", str(path / "config.yaml")])).run(skip_export=True)
    seconds = time.monotonic() - started
    rows = sum(1 for shard in path.glob("*.jsonl") for _ in shard.open(encoding="utf-8"))
    return seconds, sorted(set(range(rows)) - set(kept["id"]))


def datatrove(path: Path, cores: int) -> tuple[float, list[int]]:
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.readers import JsonlReader

    started = time.monotonic()
    config = MinhashConfig(n_grams=WINDOW, num_buckets=BANDS, hashes_per_bucket=ROWS)
    work = path / "datatrove"
    shards = sorted(path.glob("*.jsonl"))
    steps = (
        (
            [
                JsonlReader(str(path), glob_pattern="*.jsonl"),
                MinhashDedupSignature(str(work / "signatures"), config, language="eng"),
            ],
            len(shards),
        ),
        ([MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)], BANDS),
        ([MinhashDedupCluster(str(work / "buckets"), str(work / "remove"), config=config)], 1),
    )
    for number, (pipeline, tasks) in enumerate(steps):
        LocalPipelineExecutor(
            pipeline, tasks=tasks, workers=min(cores, tasks), logging_dir=str(work / f"logs{number}")
        ).run()
    dropped: list[int] = []
    first = 0
    for number, shard in enumerate(shards):
        removed = work / "remove" / f"{number:06d}.remove"
        if removed.exists():
            dropped += [first + row for (row,) in struct.iter_unpack("<I", removed.read_bytes())]
        first += sum(1 for _ in shard.open(encoding="utf-8"))
    return time.monotonic() - started, dropped


class Watch(threading.Thread):
    """What a process and its children use: the most memory (PSS, MiB) at one time, and processor seconds.

    Looked at five times a second: the last moments of a process are missed.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most_mib = pid, 0.0
        self._processor: dict[int, float] = {}

    @property
    def processor_seconds(self) -> float:
        return sum(self._processor.values())

    def run(self) -> None:
        ticks = os.sysconf("SC_CLK_TCK")
        while Path(f"/proc/{self.pid}").exists():
            total, family = 0.0, [self.pid]
            for pid in family:
                try:
                    for children in Path(f"/proc/{pid}/task").glob("*/children"):
                        family += map(int, children.read_text().split())
                    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                    times = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    total += int(re.search(r"Pss:\s+(\d+)", rollup)[1]) / 1024  # type: ignore[index]
                except (OSError, TypeError):
                    continue
                self._processor[pid] = (int(times[11]) + int(times[12])) / ticks
            self.most_mib = max(self.most_mib, total)
            time.sleep(0.2)


def measured(engine: str, python: str, folder: Path, cores: list[int]) -> dict[str, object]:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(len(cores)),
        "OPENBLAS_NUM_THREADS": "1",
        "RAYON_NUM_THREADS": str(len(cores)),
        "HF_HOME": str(folder / "hf"),
        "HF_DATASETS_OFFLINE": "1",
    }
    command = [python, str(Path(__file__).resolve()), "--engine", engine, "--folder", str(folder)]
    command += ["--cores", ",".join(map(str, cores))]
    started = time.monotonic()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True, cwd=folder
    ) as process:
        watch = Watch(process.pid)
        watch.start()
        _, errors = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode:
        raise SystemExit(f"{engine} failed:\n{errors[-3000:]}")
    told = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    return {
        "work_seconds": told["seconds"],
        "all_seconds": seconds,
        "cpu_seconds": watch.processor_seconds,
        "peak_mib": watch.most_mib,
        "dropped": told["dropped"],
    }


def side_by_side(arguments: argparse.Namespace) -> None:
    real = os.environ.get("REAL_DATA_DIR")
    texts, pairs = planted(arguments.documents, Path(real) if real else None, arguments.seed)
    words = [len(text.split()) for text in texts]
    cores = sorted(os.sched_getaffinity(0)) if arguments.cores is None else _cores(arguments.cores)
    print(
        f"{len(texts):,} documents of {statistics.median(words):.0f} words (median), {len(pairs):,} of them "
        f"copies, seed {arguments.seed}; cores {cores}; {'real sentences' if real else 'made-up words'}"
    )
    results: dict[str, list[dict[str, object]]] = {engine: [] for engine in arguments.engines.split(",")}
    for number in range(arguments.rounds):
        for engine in results:
            if engine != "ours" and arguments.peers is None:
                continue
            environment = engine.removesuffix("-run")
            python = sys.executable if engine == "ours" else f"{arguments.peers / environment}/bin/python"
            with TemporaryDirectory(dir=arguments.scratch) as scratch:
                folder = Path(scratch)
                half = (len(texts) + 1) // 2
                for shard, start in enumerate((0, half)):
                    lines = (
                        json.dumps({"id": place, "text": texts[place]}, ensure_ascii=False)
                        for place in range(start, min(start + half, len(texts)))
                    )
                    (folder / f"{shard}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
                result = measured(engine, python, folder, cores)
            result |= score(pairs, set(result.pop("dropped")))  # type: ignore[call-overload]
            result["documents_per_second"] = len(texts) / float(result["work_seconds"])  # type: ignore[arg-type]
            results[engine].append(result)
            print(json.dumps({"round": number, "engine": engine, **result}), flush=True)
    print(_table(results))


def _table(results: dict[str, list[dict[str, object]]]) -> str:
    columns = (
        "documents_per_second",
        "work_seconds",
        "all_seconds",
        "cpu_seconds",
        "peak_mib",
        "recall",
        "precision",
    )
    lines = ["| engine | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for engine, rounds in results.items():
        cells = []
        for column in columns:
            values = sorted(float(one[column]) for one in rounds)  # type: ignore[arg-type]
            digits = 4 if column in ("recall", "precision") else 0 if column != "work_seconds" else 1
            shown = [f"{value:,.{digits}f}" for value in (values[0], statistics.median(values), values[-1])]
            cells.append(shown[1] if len(set(shown)) == 1 else " / ".join(shown))
        lines.append(f"| {engine} | " + " | ".join(cells) + " |")
    for engine in results:
        for column in ("documents_per_second", "cpu_seconds"):
            ratios = [
                float(own[column]) / float(other[column])  # type: ignore[arg-type]
                for own, other in zip(results.get("ours", []), results[engine], strict=False)
            ]
            ratios = [1 / ratio for ratio in ratios] if column == "cpu_seconds" else ratios
            if engine != "ours" and ratios:
                ratios.sort()
                shown = [f"{ratio:.1f}" for ratio in (ratios[0], statistics.median(ratios), ratios[-1])]
                lines.append(f"ours / {engine}, {column}, paired by round: " + " / ".join(shown))
    return "\n".join(lines)


def _cores(text: str) -> list[int]:
    return [int(core) for core in text.split(",")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument(
        "--peers", type=lambda text: Path(text).resolve(), help="holds datatrove/ and data-juicer/"
    )
    parser.add_argument("--cores", help="numbers of the cores to run on, such as 0,1")
    parser.add_argument("--scratch", type=Path, help="where the documents are written for each engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.cores is not None:
        os.sched_setaffinity(0, _cores(arguments.cores))
    if arguments.engine is not None:
        run = dict(zip(ENGINES, (ours, data_juicer, data_juicer_run, datatrove), strict=True))[
            arguments.engine
        ]
        seconds, dropped = run(arguments.folder, len(os.sched_getaffinity(0)))
        said = json.dumps({"seconds": seconds, "dropped": dropped})
        (arguments.folder / RESULT).write_text(said, encoding="utf-8")
    else:
        side_by_side(arguments)


if __name__ == "__main__":
    main()
