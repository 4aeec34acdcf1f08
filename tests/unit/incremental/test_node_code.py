"""Functions that are no plain definitions: partials, lambdas, closures, methods."""

from collections.abc import Callable
from functools import cache, partial, wraps
from pathlib import Path
from typing import Any

import pytest

from instruction_tuning.dedup.exact import first_of_each
from instruction_tuning.incremental.code_closure import CodeIndex, UnreadableCodeError
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.node_code import function_code
from instruction_tuning.seeds import substream_seed


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> CodeIndex:
    """One for all, as it reads the modules and nothing here edits them."""
    folder: Path = tmp_path_factory.mktemp("index")
    return CodeIndex(DigestCache(folder / "cache.sqlite", folder))


def scale(by: int) -> Any:
    return lambda x: x * by


def test_what_a_partial_binds_counts(index):
    assert function_code(partial(substream_seed, 1), index) != function_code(
        partial(substream_seed, 2), index
    )
    assert function_code(partial(substream_seed, 1), index) == function_code(
        partial(substream_seed, 1), index
    )


def test_a_function_that_a_partial_binds_counts_by_its_code(index):
    code, _ = function_code(partial(map, first_of_each), index)
    assert "instruction_tuning.dedup.exact.first_of_each" in code.definitions


def test_what_a_closure_holds_counts(index):
    assert function_code(scale(2), index) != function_code(scale(3), index)
    assert function_code(scale(2), index) == function_code(scale(2), index)


def test_two_lambdas_of_one_module_differ(index):
    assert function_code(lambda x: x + 1, index) != function_code(lambda x: x + 2.5 * 3, index)


def test_what_has_no_json_form_cannot_be_followed(index):
    with pytest.raises(UnreadableCodeError, match="holds a"):
        function_code(partial(substream_seed, object()), index)


def scaled(by: float) -> Any:
    def decorate(function: Callable[..., Any]) -> Any:
        @wraps(function)
        def inner(*given: Any) -> Any:
            return function(*given) * by

        return inner

    return decorate


def shifted(function: Callable[..., Any]) -> Any:
    @wraps(function)
    def inner(*given: Any) -> Any:
        return function(*given) + 1

    return inner


@scaled(2)
def doubled(x: float) -> float:
    return x


def test_a_wrapper_counts_with_its_code_and_its_values_under_whatever_name(index):
    plain, _ = function_code(substream_seed, index)
    code, values = function_code(scaled(2)(substream_seed), index)
    assert plain.definitions.items() < code.definitions.items()
    assert f"{__name__}.scaled" in code.definitions and f"{__name__}.shifted" not in code.definitions
    assert values != function_code(scaled(3)(substream_seed), index)[1]
    assert values != function_code(shifted(substream_seed), index)[1]
    assert (code, values) == function_code(scaled(2)(substream_seed), index)


def test_a_wrapper_above_the_definition_counts_by_its_text_alone(index):
    code, values = function_code(doubled, index)
    assert values == [] and {f"{__name__}.doubled", f"{__name__}.scaled"} <= code.definitions.keys()


def test_a_wrapper_not_written_in_python_leads_to_what_it_wraps(index):
    code, _ = function_code(cache(scaled(2)(substream_seed)), index)
    assert {f"{__name__}.scaled", "instruction_tuning.seeds.substream_seed"} <= code.definitions.keys()


def test_a_function_that_holds_itself_can_be_followed(index):
    def down(x: int) -> Any:
        return x if x < 1 else down(x - 1)

    assert function_code(down, index) == function_code(down, index)
