"""What does checking answers, repairing them, or a better teacher change in the model that learns from them?

python benchmarks/answer_effects.py [--seeds 1 2 3] [--queries 300] [--tasks 200] [--weak 0.3] [--strong 0.05]

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

import sys
import tempfile
from pathlib import Path

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from sft_lift import copy_project
from trained_arms import WORLD, arguments, effect_table, kedro_run, newest, parsed, right_table

from instruction_tuning.answering.choice import choose_answers
from instruction_tuning.hooks.teacher_server import TeacherServer
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.pipelines.answer_generation import nodes
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.seeds import substream, substream_seed
from instruction_tuning.verification.program_text import program_text

UNCHECKED, BEST, SAMPLED, STRONG = "unchecked", "best_rated", "rejection_sampling", "strong_unchecked"
TESTED, REPAIRED, SAME_TASKS = "tests_first", "self_repair", "unchecked_same_tasks"
Answers = dict[str, pd.DataFrame]


def main() -> None:
    """Answer, train, and print the tables."""
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--weak", type=float, default=0.3, help="share of wrong answers")
    parser.add_argument("--strong", type=float, default=0.05)
    known = ["answers", "programs"]
    parser.add_argument("--experiments", nargs="+", choices=known, default=known)
    given = parsed(parser)
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        settings = parameters(project)
        weak = teacher(Path(scratch) / "weak.log", given.weak)
        if "answers" in given.experiments:
            strong = teacher(Path(scratch) / "strong.log", given.strong)
            kedro_run(project, "--pipeline=ingestion")
            pool = newest(project, "data/03_primary/instruction_pool.parquet")
            found = {
                seed: pool_answers(drawn(pool, given.queries, seed), weak, strong, settings, seed)
                for seed in given.seeds
            }
            report("answers", found, project, given.items, given.epochs)
        if "programs" in given.experiments:
            found = {
                seed: programs(program_tasks(given.tasks, seed), weak, settings, seed) for seed in given.seeds
            }
            report("programs", found, project, given.items, given.epochs, ability="code")


def teacher(log: Path, error_rate: float) -> Endpoint:
    """A server that is wrong so often; it ends with this process."""
    server = TeacherServer.start(0, log, f"--error-rate={error_rate}")
    return Endpoint(base_url=server.base_url, model=server.model)


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


def program_tasks(count: int, seed: int) -> pd.DataFrame:
    """Train items that ask for a program, each task once, in the wordings of the train split."""
    rng = substream(seed, "program_tasks")
    writing = [skill for skill in SKILLS if skill.answer_kind == "program"]
    rows: dict[str, dict[str, object]] = {}
    tries = 0
    while len(rows) < count and tries < 100 * count:
        skill = writing[tries % len(writing)]
        slots = skill.item(WORLD, rng, "train")
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
    first = responses[responses["sample_index"] == 0]
    passed = first.assign(check="none", rating=10.0, rating_status="ok")
    return choose_answers(queries, passed, min_rating=0)[0]


def report(
    name: str,
    found: dict[int, Answers],
    project: Path,
    items: int,
    epochs: float | None,
    *,
    ability: str | None = None,
) -> None:
    """Print both tables of an experiment."""
    frames, arms = [], []
    for seed, answers in found.items():
        for arm, frame in answers.items():
            ids = [f"{arm}-{seed}-{record}" for record in frame["record_id"]]
            frames.append(frame[["messages", "source"]].assign(record_id=ids))
            arms.append(pd.DataFrame({"method": arm, "seed": seed, "record_id": ids}))
    sys.stdout.write(f"## {name}: mechanism\n\n{right_table(found)}\n\n")
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


if __name__ == "__main__":
    main()
