"""Expected errors as a few plain lines instead of a traceback."""

import errno
import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click
import yaml
from kedro.config import MissingConfigException
from kedro.io import DatasetError, DatasetNotFoundError
from kedro.validation.exceptions import DataValidationError, ParameterValidationError
from omegaconf.errors import OmegaConfBaseException

from instruction_tuning.errors import InstructionTuningError
from instruction_tuning.runner import RunInterruptedError

logger = logging.getLogger(__name__)

EXIT_EXPECTED_ERROR = 1
EXIT_INTERRUPTED = 130
_WORKSPACE_FIXES = {
    errno.EACCES: "make the path readable and writable for you",
    errno.EPERM: "make the path readable and writable for you",
    errno.EROFS: "use a folder on a disk that is not mounted read-only",
    errno.EEXIST: "move away what lies there",
    errno.ENOTDIR: "move away the file that stands where a folder should be",
    errno.ENOSPC: "free some disk space and run the same command again",
    errno.EDQUOT: "free some of your disk quota and run the same command again",
}


STOPPED_RUN = "Stopped. What was finished is kept: run the same command again to continue."


@contextmanager
def plain_errors(stopped: str = STOPPED_RUN) -> Iterator[None]:
    """Exit with 1 and a short text on an expected error, with 130 and `stopped` on ctrl-C or SIGTERM.

    An error that nobody expected keeps its traceback: that one is a defect.
    """
    previous = signal.signal(signal.SIGTERM, _raise_interrupt)
    try:
        yield
    except (KeyboardInterrupt, RunInterruptedError):
        click.echo(f"\n{stopped}", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        text = explain(error)
        if text is None:
            raise
        logger.debug("expected error", exc_info=True)
        click.echo(f"\nError: {text}", err=True)
        sys.exit(EXIT_EXPECTED_ERROR)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _raise_interrupt(_signal: int, _frame: FrameType | None) -> None:
    """As ctrl-C would: an event loop has a handler of its own for that one."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def explain(error: BaseException) -> str | None:
    """What to print for `error`, or None when it is not one of the expected kinds."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, InstructionTuningError):
            return str(cause)
    for cause in chain:
        if isinstance(cause, OSError) and cause.errno in _WORKSPACE_FIXES:
            return f"{cause.strerror} (file {cause.filename})\n  fix: {_WORKSPACE_FIXES[cause.errno]}"
    for cause in chain:
        if isinstance(cause, yaml.MarkedYAMLError) and cause.problem_mark is None:
            return _explain_yaml(cause, chain)
        if isinstance(cause, ParameterValidationError):
            return _explain_parameters(cause)
        if isinstance(cause, DataValidationError):
            return str(cause)
        if isinstance(cause, MissingConfigException | OmegaConfBaseException | DatasetNotFoundError):
            return f"{cause}\n  fix: look at conf/base and at the environment's folder in conf/"
    if isinstance(error, DatasetError) and error.__cause__ is None:
        return str(error)
    if isinstance(error, DatasetError) and "config for dataset" in str(error):
        return f"{error}\n  fix: look at the entry in conf/base/catalog_*.yml"
    if isinstance(error, ValueError) and _raised_by_kedro(error):
        return f"{error}\n  fix: `kedro registry describe <pipeline>` lists the nodes of a pipeline"
    return None


def _explain_yaml(error: yaml.MarkedYAMLError, chain: list[BaseException]) -> str:
    """Kedro names the file, and counts lines from 0; the parser's own error says what is wrong there."""
    marks = [(one.problem_mark, one.problem) for one in chain if isinstance(one, yaml.MarkedYAMLError)]
    where = [f"\n  line {mark.line + 1}: {problem}" for mark, problem in marks if mark is not None]
    told = str(error).partition(", unable to read")[0]
    return f"{told}{''.join(where[:1])}\n  fix: indent by spaces, and close every bracket and quote"


def _raised_by_kedro(error: BaseException) -> bool:
    """Kedro says `ValueError` when the command line names a node, tag or data set that is not there."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals["__name__"].startswith(
        ("kedro.framework", "kedro.pipeline.pipeline")
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _explain_parameters(error: ParameterValidationError) -> str:
    """Pydantic's text without its links and its echo of whole dictionaries."""
    lines = [line for line in str(error).splitlines() if "errors.pydantic.dev" not in line]
    return "\n".join(lines) + "\n  fix: correct the value in conf/<env>/parameters_*.yml or in --params"
