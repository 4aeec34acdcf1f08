"""What does checking answers, repairing them, or a better teacher change in the model that learns from them?

python benchmarks/answer_effects.py [--seeds 1 2 3] [--queries 400] [--tasks 200] [--weak 0.3] [--strong 0.05]

In a scratch copy of the project, with the microworld's teacher behind real servers: one that is wrong in
`--weak` of its answers and one in `--strong`. Queries, requests and trainings take the seed. Two experiments:

answers   `--queries` drawn from the pool, and only those that every arm has an answer to, so that all arms
          hold the same queries. The weak teacher's first answer unchecked; its best rated of four; rejection
          sampling by agreement of half the samples; the strong teacher's first answer unchecked
programs  `--tasks` that ask for a program. The weak teacher's first program unchecked; those that pass tests
          written before (tests_first), and with repairs (self_repair); and, unchecked, the first programs of
          the tasks that self_repair kept. These arms differ in size: a wrong test costs a task. All are
          trained on as bare programs, whether they came in a fence or not

Each arm and seed fine-tunes the base by the default recipe and answers the same validation items. Prints two
Markdown tables an experiment. *mechanism*: how many examples, and how many of them the world calls right,
where it knows the question; it follows from the teacher's script. *effect*: what a trained model scores,
differences to the reference in pairs of seeds and items with 95% intervals, and the smallest difference that
these seeds and items resolve. Fewer than three seeds are refused.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from sft_lift import copy_project
from trained_arms import FEWEST_SEEDS, effect_table, kedro_run, newest

from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import WORLD_SEED, World, build_world
from instruction_tuning.pipelines.answer_generation import nodes
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.seeds import substream, substream_seed
from instruction_tuning.verification.program_text import program_text

UNCHECKED, BEST, SAMPLED, STRONG = "unchecked", "best_rated", "rejection_sampling", "strong_unchecked"
TESTED, REPAIRED, SAME_TASKS = "tests_first", "self_repair", "unchecked_same_tasks"
Answers = dict[str, pd.DataFrame]


def main() -> int:
    """Answer, train, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--weak", type=float, default=0.3, help="share of wrong answers")
    parser.add_argument("--strong", type=float, default=0.05)
    parser.add_argument("--items", type=int, default=100, help="validation items an ability, 2 at least")
    parser.add_argument("--epochs", type=float, help="of each training, in the place of the default")
    parser.add_argument(
        "--experiments", nargs="+", choices=["answers", "programs"], default=["answers", "programs"]
    )
    given = parser.parse_args()
    if len(set(given.seeds)) < FEWEST_SEEDS:
        sys.stderr.write(f"{len(set(given.seeds))} seeds tell too little; fix: name {FEWEST_SEEDS} or more\n")
        return 1
    world = build_world(WORLD_SEED)
    with tempfile.TemporaryDirectory() as scratch, server(given.weak) as weak, server(given.strong) as strong:
        project = copy_project(Path(scratch) / "project")
        if "answers" in given.experiments:
            kedro_run(project, "--pipeline=ingestion")
            pool = newest(project, "data/03_primary/instruction_pool.parquet")
            settings = parameters(project)
            found = {
                s: pool_answers(drawn(pool, given.queries, s), weak, strong, settings, s) for s in given.seeds
            }
            report("answers", found, project, world, given.items, given.epochs, ability=None)
        if "programs" in given.experiments:
            settings = parameters(project)
            found = {
                s: programs(program_tasks(world, given.tasks, s), weak, settings, s) for s in given.seeds
            }
            report("programs", found, project, world, given.items, given.epochs, ability="code")
    return 0


@contextmanager
def server(error_rate: float) -> Iterator[Endpoint]:
    """A teacher that is wrong so often, behind an address of its own."""
    module = "instruction_tuning.microworld.teacher_server"
    command = [sys.executable, "-m", module, f"--error-rate={error_rate}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        *_, address, _, model = process.stdout.readline().split()
        yield Endpoint(base_url=address, model=model)
    finally:
        process.terminate()
        process.wait()


def parameters(project: Path) -> AnswerGenerationParameters:
    """The project's own section, with a store of the scratch copy."""
    bootstrap_project(project)
    with KedroSession.create(project) as session:
        section = session.load_context().catalog.load("params:answer_generation")
    return section.model_copy(update={"completion_store": str(project / "data/.work/completions.sqlite")})


def drawn(pool: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Queries drawn evenly from the pool."""
    order = sorted(pool["record_id"], key=lambda name: (substream_seed(seed, "query", name), name))
    return as_selected(pool[pool["record_id"].isin(order[:count])])


def program_tasks(world: World, count: int, seed: int) -> pd.DataFrame:
    """Train items that ask for a program, each task once, in the wordings of the train split."""
    rng = substream(seed, "program_tasks")
    writing = [skill for skill in SKILLS if skill.answer_kind == "program"]
    rows: dict[str, dict[str, object]] = {}
    tries = 0
    while len(rows) < count and tries < 100 * count:
        skill = writing[tries % len(writing)]
        slots = skill.item(world, rng, "train")
        asked = rng.choice(skill.train_questions).format(**slots)
        rows.setdefault(
            f"{skill.language}-{skill.key(slots)}",
            {"prompt": asked, "messages": [{"role": "user", "content": asked}], "language": skill.language},
        )
        tries += 1
    if len(rows) < count:
        raise SystemExit(f"the world has {len(rows)} such tasks; fix: ask for no more with --tasks")
    frame = pd.DataFrame([{"record_id": name, **row} for name, row in rows.items()])
    return as_selected(frame.assign(answer=None, category="code", source="microworld"))


def as_selected(records: pd.DataFrame) -> pd.DataFrame:
    """With the columns of selected queries."""
    frame = records.sort_values("record_id", ignore_index=True)
    return frame.assign(
        rank=range(len(frame)), sampler="benchmark", selection_score=float("nan"), selected_because="drawn"
    )


def answered(
    queries: pd.DataFrame, teacher: Endpoint, settings: AnswerGenerationParameters, **changes: object
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(rated responses, chosen answers) of the stage that answers, with these settings changed."""
    given = AnswerGenerationParameters(**{**settings.model_dump(), **changes})
    completions, outcomes = nodes.generate_answers(queries, teacher, None, given)
    _, responses = nodes.rate_answers(queries, completions, outcomes, teacher, None, given)
    return responses, nodes.choose_answers(queries, responses, given)[0]


def pool_answers(
    queries: pd.DataFrame, weak: Endpoint, strong: Endpoint, settings: AnswerGenerationParameters, seed: int
) -> Answers:
    """Four arms of the same queries."""
    plain = {"strategy": "teacher", "seed": seed}
    weak_responses, best = answered(queries, weak, settings, **plain)
    strong_responses, _ = answered(queries, strong, settings, **plain)
    sampling = {"strategy": "rejection_sampling", "min_self_consistency": 0.5, "seed": seed}
    _, sampled = answered(queries, weak, settings, **sampling)
    arms = {
        UNCHECKED: first_answers(weak_responses, queries),
        BEST: best,
        SAMPLED: sampled,
        STRONG: first_answers(strong_responses, queries),
    }
    common = set.intersection(*(set(frame["record_id"]) for frame in arms.values()))
    return {arm: frame[frame["record_id"].isin(common)] for arm, frame in arms.items()}


def programs(tasks: pd.DataFrame, weak: Endpoint, settings: AnswerGenerationParameters, seed: int) -> Answers:
    """Four arms of tasks; what is kept differs."""
    responses, _ = answered(tasks, weak, settings, strategy="teacher", seed=seed)
    first = first_answers(responses, tasks)
    kept = {name: answered(tasks, weak, settings, strategy=name, seed=seed)[1] for name in (TESTED, REPAIRED)}
    same = first[first["record_id"].isin(kept[REPAIRED]["record_id"])]
    return {name: bare(frame) for name, frame in {UNCHECKED: first, **kept, SAME_TASKS: same}.items()}


def bare(examples: pd.DataFrame) -> pd.DataFrame:
    """The programs without fence and talk: a form that the base has never seen costs more than any fault."""
    texts = [program_text(answer) or answer for answer in examples["answer"]]
    messages = [
        [*turns[:-1], {"role": "assistant", "content": text.strip()}]
        for turns, text in zip(examples["messages"].map(list), texts, strict=True)
    ]
    return examples.assign(answer=texts, messages=messages)


def first_answers(responses: pd.DataFrame, queries: pd.DataFrame) -> pd.DataFrame:
    """The first sample of each query as an example, whatever was found of it."""
    first = responses[(responses["sample_index"] == 0) & responses["response"].notna()]
    first = first.set_index("record_id")["response"]
    asked = queries[queries["record_id"].isin(first.index)]
    said = asked["record_id"].map(first)
    messages = [
        [*turns, {"role": "assistant", "content": text}]
        for turns, text in zip(responses_turns(responses, asked), said, strict=True)
    ]
    return asked[["record_id", "prompt", "source"]].assign(answer=said, messages=messages)


def responses_turns(responses: pd.DataFrame, asked: pd.DataFrame) -> list[list[dict[str, str]]]:
    """The turns that were sent for each query, in the order of `asked`."""
    turns = responses.drop_duplicates("record_id").set_index("record_id")["messages"]
    return [list(turns[name]) for name in asked["record_id"]]


def report(
    name: str,
    found: dict[int, Answers],
    project: Path,
    world: World,
    items: int,
    epochs: float | None,
    ability: str | None,
) -> None:
    """Print both tables of an experiment."""
    frames, arms = [], []
    for seed, answers in found.items():
        for arm, frame in answers.items():
            ids = [f"{arm}-{seed}-{record}" for record in frame["record_id"]]
            frames.append(frame[["messages", "source"]].assign(record_id=ids))
            arms.append(pd.DataFrame({"method": arm, "seed": seed, "record_id": ids}))
    sys.stdout.write(f"## {name}: mechanism\n\n{mechanism_table(found, world)}\n\n")
    sys.stdout.flush()
    effect = effect_table(
        project,
        pd.concat(frames, ignore_index=True),
        pd.concat(arms, ignore_index=True),
        reference=UNCHECKED,
        items=items,
        epochs=epochs,
        ability=ability,
    )
    sys.stdout.write(f"## {name}: effect\n\n{effect}\n\n")
    sys.stdout.flush()


def mechanism_table(found: dict[int, Answers], world: World) -> str:
    """A row an arm, over all seeds: examples a seed, and the share that is right where it can be told."""
    teacher = Teacher(world, TeacherFaults(), seed=0)
    lines = ["| arm | examples a seed | right, of those that the world can tell |", "|---|---:|---:|"]
    for arm in next(iter(found.values())):
        frame = pd.concat([answers[arm] for answers in found.values()])
        items = [teacher._recognise(questions_of(prompt)) for prompt in frame["prompt"]]
        scores = [
            item[0].score(world, item[1], answer)
            for item, answer in zip(items, frame["answer"], strict=True)
            if item is not None
        ]
        right = 100 * sum(score == 1 for score in scores) / max(len(scores), 1)
        lines.append(f"| {arm} | {len(frame) / len(found):.0f} | {right:.1f}% of {len(scores):,} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
