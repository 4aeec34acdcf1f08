"""Can a base model rate? Marks that it gives to a right and to a wrong answer, in its documents' own form.

python benchmarks/marks.py [--models NAME=FOLDER ...] [--items 8]

Validation items of every skill that documents hold, each once with its right and once with a wrong
answer, as lines `Question: … Answer: … Check:` that the model completes, after three examples with train
items of the same skill. It writes the right answer, compares the two part by part, and gives a mark.
Prints a Markdown table by use case, in percent: how often it finds the right answer, how often the mark is
within a point of what the scorer gives (chance: 50), and how often the right answer's mark is the higher one
(ties count half; chance: 50); then all skills together with 95% intervals. A minute a model on two cores.
"""

import argparse
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.local import generate
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.microworld.remarks import remark_line
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.world import World, build_world
from instruction_tuning.seeds import substream

PROJECT = Path(__file__).resolve().parents[1]
SHIPPED = PROJECT / "data/06_models/microworld_base"
EXAMPLES = 3
SEED = 7
# Where the part begins that the model writes, and what it says there.
CUT = re.compile(r"(?<= Check: )|(?<= 查：)")
SAID = re.compile(r"^(?P<gold>.*?) \| .*(?:Rating: |评分：)(?P<mark>\d+)$", re.DOTALL)
MOST_NEW_TOKENS = 160


def main() -> int:
    """Measure each model and print one table a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--models", nargs="+", default=[f"shipped={SHIPPED}"], metavar="NAME=FOLDER")
    parser.add_argument("--items", type=int, default=8, help="validation items a skill")
    given = parser.parse_args()
    lines = pd.DataFrame(rating_lines(build_world(), given.items))
    for named in given.models:
        name, _, folder = named.partition("=")
        sys.stdout.write(f"\n**{name}**\n\n{table(marked(lines, Path(folder)))}\n")
    return 0


def rating_lines(world: World, items: int) -> Iterator[dict[str, object]]:
    """`items` validation items of each skill, right and wrong, with the examples before."""
    for skill in DOCUMENT_SKILLS:
        rng = substream(SEED, "marks", skill.name)
        if not skill.splits_items and not skill.validation_questions:
            continue
        for number in range(items):
            slots = skill.item(world, rng, "validation")
            before = "".join(f"{line}\n" for line in _examples(world, rng, skill))
            for is_right in (True, False):
                line = remark_line(world, rng, "rating", skill, slots, form=0, is_right=is_right)
                prompt, said = CUT.split(line, maxsplit=1)
                yield {
                    "use_case": skill.use_case,
                    "item": f"{skill.name}/{number}",
                    "is_right": is_right,
                    "prompt": before + prompt.rstrip(" "),
                    "expected": said,
                }


def _examples(world: World, rng: random.Random, skill: Skill) -> list[str]:
    return [
        remark_line(world, rng, "rating", skill, skill.item(world, rng, "train"), form=0)
        for _ in range(EXAMPLES)
    ]


def marked(lines: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """`lines` with what the model in `folder` wrote: whether its right answer and its mark are right."""
    import torch

    model_folder = open_model_folder(folder)
    tokenizer, model = load_tokenizer(model_folder), load_model(model_folder, "causal")
    room = model.config.max_position_embeddings - MOST_NEW_TOKENS
    prompts = [tokenizer(text, add_special_tokens=False)["input_ids"][-room:] for text in lines["prompt"]]
    written = [""] * len(prompts)
    with torch.inference_mode():
        for rows in batches_by_length([len(prompt) for prompt in prompts], batch_tokens=16_384):
            texts = generate(model, tokenizer, [prompts[row] for row in rows], None, MOST_NEW_TOKENS)
            for row, text in zip(rows, texts, strict=True):
                written[row] = text.strip(" ").split("\n")[0]
    found = [SAID.match(text) for text in written]
    true = [SAID.match(text) for text in lines["expected"]]
    marks = np.array([float(one["mark"]) if one else np.nan for one in found])
    right_marks = np.array([float(one["mark"]) if one else np.nan for one in true])
    return lines.assign(
        written=written,
        mark=marks,
        finds=[
            bool(one and gold and one["gold"] == gold["gold"]) for one, gold in zip(found, true, strict=True)
        ],
        is_near=np.abs(marks - right_marks) <= 1,
    )


def table(rows: pd.DataFrame) -> str:
    """Percent by use case, and over all with intervals over items."""
    marks = rows.pivot(index="item", columns="is_right", values="mark")
    items = pd.DataFrame(
        {
            "use_case": rows.groupby("item")["use_case"].first(),
            "finds": rows.groupby("item")["finds"].mean(),
            "near": rows.groupby("item")["is_near"].mean(),
            # Without a mark nothing is told apart: as a tie.
            "pair": (0.5 + 0.5 * np.sign((marks[True] - marks[False]).fillna(0.0))),
        }
    )
    unread = rows["mark"].isna().mean()
    lines = ["| use case | items | finds the right answer | mark within a point | right above wrong |"]
    lines.append("|---|---:|---:|---:|---:|")
    for use_case, group in items.groupby("use_case"):
        cells = " | ".join(f"{100 * group[name].mean():.0f}" for name in ("finds", "near", "pair"))
        lines.append(f"| {use_case} | {len(group)} | {cells} |")
    cells = " | ".join(_with_interval(items[name].to_numpy()) for name in ("finds", "near", "pair"))
    lines.append(f"| **all** | {len(items)} | {cells} |")
    return "\n".join(lines) + f"\n\n{100 * unread:.1f}% of the lines end without a mark."


def _with_interval(values: np.ndarray) -> str:
    mean, error = values.mean(), 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return f"{100 * mean:.1f} [{100 * (mean - error):.1f}, {100 * (mean + error):.1f}]"


if __name__ == "__main__":
    sys.exit(main())
