"""Functions that are no plain definitions: partials, lambdas, closures, methods."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from instruction_tuning.dedup.exact import first_of_each
from instruction_tuning.incremental.code_closure import CodeIndex, UnreadableCodeError
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.node_code import function_code
from instruction_tuning.seeds import substream_seed


@pytest.fixture
def index(tmp_path: Path) -> CodeIndex:
    return CodeIndex(DigestCache(tmp_path / "cache.sqlite", tmp_path))


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
