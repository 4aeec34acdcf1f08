"""Queries to answer, and how."""

from pathlib import Path

import pandas as pd
import yaml
from chat_server import MODEL, ChatServer
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.pipelines.answer_generation.pipeline import create_pipeline
from instruction_tuning.schemas.rated_responses import RatedResponses
from instruction_tuning.schemas.rejected_answers import RejectedAnswers
from instruction_tuning.schemas.teacher_completions import TeacherCompletions
from instruction_tuning.schemas.verified_examples import VerifiedExamples

DEFAULTS = Path(__file__).parents[1] / "conf" / "base" / "parameters_answer_generation.yml"


def selected_queries(count: int) -> pd.DataFrame:
    """Sums and other questions in turn; the first has no answer of its own."""
    rows = []
    for i in range(count):
        prompt = f"What is {i + 2} plus {i + 3}?" if i % 2 else f"Tell me about thing {i}."
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": str(2 * i + 5)}]
        rows.append(
            {
                "record_id": f"{i:016x}",
                "source": "pool",
                "language": "en",
                "messages": turns,
                "prompt": prompt,
                "answer": None if i == 0 else str(2 * i + 5),
                "parent_ids": [],
                "rank": i,
            }
        )
    return pd.DataFrame(rows)


def answer_parameters(folder, **changes) -> AnswerGenerationParameters:
    """Those of conf/base, with a completion store in `folder`."""
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["answer_generation"]
    paths = {"completion_store": folder / "completions.sqlite", "seed": 1}
    return AnswerGenerationParameters(**{**defaults, **paths, **changes})


SCHEMAS = {
    "teacher_completions": TeacherCompletions,
    "rated_responses": RatedResponses,
    "verified_examples": VerifiedExamples,
    "rejected_answers": RejectedAnswers,
}


def run_answer_generation(
    folder,
    queries: pd.DataFrame,
    server: ChatServer,
    *,
    price: float = 0.0,
    judge: Endpoint | None = None,
    others: tuple[Endpoint, ...] = (),
    reward_model: ModelFolder | None = None,
    **changes,
):
    """The frames as the next stage reads them: from Parquet."""
    inputs = FrameDataset(filepath=str(folder / "selected_queries.parquet"))
    inputs.save(queries)
    outputs = {name: FrameDataset(filepath=str(folder / f"{name}.parquet")) for name in SCHEMAS}
    teacher = Endpoint(
        base_url=server.base_url,
        model=MODEL,
        price_per_million_output_tokens=price,
        judge=judge,
        others=others,
    )
    catalog = DataCatalog(
        {
            "selected_queries": inputs,
            "params:teacher": MemoryDataset(teacher),
            "earlier_reward_model": MemoryDataset(reward_model, copy_mode="assign"),
            "params:answer_generation": MemoryDataset(
                answer_parameters(folder, **changes), copy_mode="assign"
            ),
            **outputs,
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    frames = {name: dataset.load() for name, dataset in outputs.items()}
    for name, frame in frames.items():
        SCHEMAS[name].validate(frame)
    return frames
