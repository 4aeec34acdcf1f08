"""One spelling for each licence, and what a policy lets in."""

import pytest
from raw_file_builders import read_rows, write

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import check_licence_sources, read_outcomes
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.text.licences import (
    GROUPS,
    PERMISSIVE,
    RESTRICTED,
    SHARE_ALIKE,
    UNKNOWN,
    entry_fault,
    is_allowed,
    licence_id,
    licence_rank,
)

ROW = {"instruction": "Say a.", "output": "a"}


@pytest.mark.parametrize(
    ("written", "id_"),
    [
        ("CC BY-NC 4.0", "cc-by-nc-4.0"),
        ("cc-by-nc-4.0", "cc-by-nc-4.0"),
        ("CC-BY-SA 3.0", "cc-by-sa-3.0"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International", "cc-by-nc-sa-4.0"),
        ("cc by", "cc-by"),
        ("CC0", "cc0-1.0"),
        ("Apache License, Version 2.0", "apache-2.0"),
        ("The MIT License", "mit"),
        ("ODC-By", "odc-by-1.0"),
        ("OpenAI terms of use", "openai-tos"),
        ("MIT or Apache-2.0", "mit or apache-2.0"),
        ("MIT/Apache-2.0", "mit or apache-2.0"),
        ("MIT / our own", "mit and our own"),
        ("mit, apache-2.0", "mit and apache-2.0"),
        ("CC BY-SA 4.0 and SATA", "cc-by-sa-4.0 and sata"),
        ("  our   own ", "our own"),
        ("non-commercial research only", "non-commercial research only"),
        # A reservation is not read over.
        ("CC BY 4.0 but not for money", "CC BY 4.0 but not for money"),
        ("CC BY 4.0, no commercial use", "cc-by-4.0 and no commercial use"),
    ],
)
def test_a_licence_has_one_spelling(written, id_):
    assert licence_id(written) == id_
    assert licence_id(id_) == id_


@pytest.mark.parametrize(
    ("licence", "allowed", "is_let_in"),
    [
        ("cc-by-4.0", ["commercial"], True),
        ("cc-by-sa-4.0", ["commercial"], True),
        ("cc-by-sa-4.0", ["permissive"], False),
        ("cc-by-nc-4.0", ["commercial"], False),
        ("cc-by-nd-4.0", ["commercial"], False),
        ("openai-tos", ["commercial"], False),
        ("our own", ["commercial"], False),
        ("our own", ["Our Own"], True),
        ("mit", ["Apache 2.0", "MIT License"], True),
        ("cc-by-nc-4.0", ["cc-by-*"], True),
        ("mit or cc-by-nc-4.0", ["commercial"], True),
        ("mit and cc-by-nc-4.0", ["commercial"], False),
        ("mit and (cc-by-nc-4.0 or x)", ["mit"], False),
        ("mit", ["Commercial"], True),
        ("anything", ["*"], True),
        ("mit", [], False),
    ],
)
def test_a_policy_lets_in_what_it_names(licence, allowed, is_let_in):
    assert is_allowed(licence, tuple(allowed)) == is_let_in


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("comercial", "did you mean 'commercial'"),
        ("apachee-2.0", "did you mean 'apache-2.0'"),
        ("cc-bx-4.0", "did you mean 'cc-by-4.0'"),
        ("house rules", "`house rules*` lets in what begins so"),
        ("MIT or Apache-2.0", "is an expression"),
    ],
)
def test_an_entry_that_can_never_fit_is_told(entry, said):
    assert said in str(entry_fault(entry))


@pytest.mark.parametrize("entry", ["Permissive", "cc-by-*", "CC BY-NC 3.0", "our own", "house*"])
def test_an_entry_that_can_fit_is_none(entry):
    assert entry_fault(entry, {"our own"}) is None


def test_what_is_permissive_is_commercial_too():
    assert set(GROUPS["permissive"]) < set(GROUPS["commercial"])


def test_a_row_goes_before_its_source_and_a_name_before_a_pattern(tmp_path):
    write(tmp_path / "alpaca_en.jsonl", [ROW, ROW | {"license": "MIT"}])
    write(tmp_path / "alpaca_zh.jsonl", [ROW | {"output": "b"}])
    rules = ReadingRules(licences={"alpaca_*": "CC BY-NC 4.0", "alpaca_zh.jsonl": "Apache 2.0"})
    found = [one.licence for one in read_outcomes(list_raw_files(tmp_path), rules)]
    assert found == ["cc-by-nc-4.0", "mit", "apache-2.0"]


def test_a_row_under_another_licence_is_set_aside_with_its_text(tmp_path):
    rows = [ROW | {"licence": "MIT"}, ROW | {"licence": "CC-BY-NC-4.0"}, ROW]
    kept, set_aside = read_rows(tmp_path, rows, allowed_licences=("commercial",))
    assert [one.licence for one in kept] == ["mit"]
    assert [(one.stage, one.reason, one.field) for one in set_aside] == [
        ("licence", "licence_not_allowed", "licence"),
        ("licence", "licence_unknown", "licence"),
    ]
    assert '"CC-BY-NC-4.0"' in set_aside[0].raw and "cc-by-nc-4.0 is not among commercial" in (
        set_aside[0].detail or ""
    )


@pytest.mark.parametrize(("allowed", "kept"), [(None, 1), (("mit",), 1), (("*",), 1)])
def test_rows_without_a_licence_stay_on_request(tmp_path, allowed, kept):
    rules = {"allowed_licences": allowed, "unknown_licence": "keep"}
    assert len(read_rows(tmp_path, [ROW], **rules)[0]) == kept


def test_a_source_that_is_not_there_stops_the_run(tmp_path):
    files = list_raw_files(write(tmp_path / "alpaca.jsonl", [ROW]))
    with pytest.raises(ConfigurationError, match="no source is called `alpacca"):
        check_licence_sources(files, ReadingRules(licences={"alpacca*": "MIT"}))


@pytest.mark.parametrize(
    ("rank", "names"),
    [
        (
            PERMISSIVE,
            (
                "MIT",
                "Apache-2.0",
                "apache_2.0",
                "CC BY 4.0",
                "cc-by-4.0",
                "CC0-1.0",
                "BSD-3-Clause",
                "ODC-By",
            ),
        ),
        (SHARE_ALIKE, ("CC BY-SA 3.0", "cc-by-sa-4.0", "GPL-3.0", "AGPL", "ODbL")),
        (
            RESTRICTED,
            (
                "CC BY-NC 4.0",
                "cc-by-nc-sa-4.0",
                "CC BY-ND 4.0",
                "OpenAI terms of use",
            ),
        ),
        (UNKNOWN, ("custom", "", "see website", "non-commercial research purpose only", None)),
    ],
)
def test_licences_are_ranked_from_the_freest(rank, names):
    assert {name: licence_rank(name) for name in names} == dict.fromkeys(names, rank)
