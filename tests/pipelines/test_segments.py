import json

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from instruction_tuning.datasets.raw_files import DocumentFilesDataset
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.segments.parameters import SegmentParameters
from instruction_tuning.pipelines.segments.pipeline import create_pipeline

TEXT = "# Home\nWelcome to this page.\n\n## Rivers of the north\nMany rivers flow through the old town.\n"


def cut(path, **parameters):
    given = {"min_characters": 10} | parameters
    catalog = DataCatalog(
        {
            "raw_documents": DocumentFilesDataset(filepath=str(path)),
            "params:segments": MemoryDataset(SegmentParameters(**given)),
        }
    )
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    return outputs["document_segments"].load(), outputs["rejected_segments"].load()


def test_files_of_text_and_rows_become_segments_that_name_their_document(tmp_path):
    (tmp_path / "page.md").write_text(TEXT)
    rows = [{"text": TEXT.replace("rivers", "bridges")}, {"text": None}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{broken\n")
    kept, rejected = cut(tmp_path)
    assert kept["header"].tolist() == ["Rivers of the north"] * 2
    assert kept["document_id"].str.match(r"^[0-9a-f]{12}:0$").all()
    assert rejected["reason"].value_counts().to_dict() == {"navigation_header": 2, "empty_text": 2}


def test_another_field_can_hold_the_text_and_a_missing_one_is_said(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"body": TEXT}) + "\n")
    assert len(cut(path, text_field="body")[0]) == 1
    with pytest.raises(InputError, match="no row has a field `text`"):
        cut(path)
