"""What a program may use."""

from dataclasses import dataclass

from instruction_tuning.errors import ConfigurationError

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds of one program. ConfigurationError for a bound that is not positive.

    `memory_bytes` is of address space and for each process; `file_bytes` for each file and, where namespaces
    hold, for all of the scratch folder; `output_bytes` for standard output and error together. `processes`
    counts the program itself: 1 means that it can start threads but no process.
    """

    wall_seconds: float = 10.0
    cpu_seconds: float = 10.0
    memory_bytes: int = 512 * _MIB
    file_bytes: int = 16 * _MIB
    output_bytes: int = _MIB
    processes: int = 1

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ConfigurationError(
                    f"a limit of {value} leaves a program nothing", fix="give a positive number", field=name
                )
