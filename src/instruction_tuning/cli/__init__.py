"""The commands: `run` with plain errors and a report, `check`, `chat`, `export`, `explain`, `prune`,
`completions`, `annotate`, `ui`."""

from kedro.framework.cli.utils import LazyGroup

from instruction_tuning.cli.run import run

__all__ = ["cli", "run"]

cli = LazyGroup(
    name="instruction-tuning",
    help=__doc__,
    lazy_subcommands={
        "check": "instruction_tuning.cli.check.check",
        "chat": "instruction_tuning.cli.chat.chat",
        "export": "instruction_tuning.cli.export.export",
        "ui": "instruction_tuning.cli.ui.ui",
        "explain": "instruction_tuning.cli.explain.explain",
        "prune": "instruction_tuning.cli.prune.prune",
        "completions": "instruction_tuning.cli.completions.completions",
        "annotate": "instruction_tuning.cli.annotate.annotate",
    },
)
cli.add_command(run)
