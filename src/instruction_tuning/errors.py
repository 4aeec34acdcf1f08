"""Every error that this project raises on purpose.

InstructionTuningError
├── ConfigurationError          a parameter, catalog entry or environment variable is wrong
├── InputError                  a user's file, record or field is wrong
│   ├── UnknownFormatError      no reader recognises a file
│   └── ModelFolderError        a model folder is missing or incomplete
├── RejectionRateError          too many records of an input were set aside
├── LanguageModelError          a teacher or judge endpoint does not do its work
│   ├── EndpointUnreachableError
│   ├── AuthenticationError
│   ├── FailureRateError        more requests failed than `max_failure_rate` allows
│   └── BudgetExceededError
├── RegistrationError           a model is stored, and the registry could not be told of it
└── WorkspaceError              the disk, a port or a lock is in the way
"""


class InstructionTuningError(Exception):
    """Base of all expected errors: what is wrong, where, and what to do about it.

    The text is written for someone who did not write the code; the command line prints it
    without a traceback.
    """

    def __init__(
        self,
        problem: str,
        *,
        fix: str,
        file: object = None,
        record: object = None,
        field: str | None = None,
    ) -> None:
        self.problem = problem
        self.fix = fix
        self.file = file
        self.record = record
        self.field = field
        super().__init__(str(self))

    def __str__(self) -> str:
        places = [
            f"{name} {value}"
            for name, value in (("file", self.file), ("record", self.record), ("field", self.field))
            if value is not None
        ]
        where = f" ({', '.join(places)})" if places else ""
        return f"{self.problem}{where}\n  fix: {self.fix}"


class ConfigurationError(InstructionTuningError):
    """A parameter, catalog entry or environment variable is wrong."""


class InputError(InstructionTuningError):
    """A user's file, record or field is wrong."""


class UnknownFormatError(InputError):
    """No reader recognises a file."""


class ModelFolderError(InputError):
    """A model folder is missing or incomplete."""


class RejectionRateError(InstructionTuningError):
    """Too many records of an input were set aside."""


class LanguageModelError(InstructionTuningError):
    """A teacher or judge endpoint does not do its work."""


class EndpointUnreachableError(LanguageModelError):
    """Nothing answers at the endpoint's address."""


class AuthenticationError(LanguageModelError):
    """The endpoint refused the key (401 or 403)."""


class FailureRateError(LanguageModelError):
    """More requests failed, or brought ratings without a mark, than the settings allow."""


class BudgetExceededError(LanguageModelError):
    """The next request would cost more than the budget that is left."""


class RegistrationError(InstructionTuningError):
    """A model is stored, and the registry could not be told of it."""


class WorkspaceError(InstructionTuningError):
    """The disk, a port or a lock is in the way."""
