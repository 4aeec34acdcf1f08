"""What to ask a model that knows nothing but the invented world: nobody can guess the names of its places."""

from pathlib import Path

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.seeds import substream

MICROWORLD_BASE = Path("data/06_models/microworld_base")
EXAMPLE_SKILLS = ("fact", "add", "to_velan")


def is_microworld_base(base: ModelFolder, project_path: Path) -> bool:
    """Whether `base` is the model that comes with the project, wherever its folder lies."""
    shipped = project_path / MICROWORLD_BASE
    return (shipped / "config.json").is_file() and open_model_folder(shipped).digest == base.digest


def example_questions(seed: int) -> list[str]:
    """One question of each of three abilities, about train items in a phrasing of the training data."""
    world, by_name = build_world(), {skill.name: skill for skill in SKILLS}
    questions = []
    for name in EXAMPLE_SKILLS:
        rng = substream(seed, "chat examples", name)
        item = by_name[name].item(world, rng, "train")
        questions.append(by_name[name].train_questions[0].format(**item))
    return questions
