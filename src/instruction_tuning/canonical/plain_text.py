"""Plain documents: `text` (or `content`), with an optional `title`, `path`, `file` or `url`.

A file of text is one document.
"""

from collections.abc import Iterator, Mapping, Sequence

from instruction_tuning.canonical.conversation import Document, Part, first_of, text_field
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.layout import TEXT, layout_of
from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.canonical.raw_row import RawRow, printable
from instruction_tuning.canonical.records import source_row_id_of
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.errors import InputError

TEXTS = ("text", "content")
TITLES = ("title", "path", "file", "url")


def plain_text_document(fields: Mapping[str, object], *, require_answer: bool = True) -> Document | Fault:
    """The row's text; nothing in it is a question, so it becomes no instruction."""
    name = first_of(fields, TEXTS)
    text = text_field(fields, name)
    if isinstance(text, Fault):
        return text
    titles = (Part(title, said) for title in TITLES if isinstance(said := fields.get(title), str) and said)
    return Document(Part(name, text), next(titles, None))


def document_texts(files: Sequence[RawFile], name: str) -> Iterator[tuple[str, str]]:
    """`source_row_id` and the text in field `name` of every row, as it stands; a file of text is one row.

    A row that has none is an empty document. Raises `InputError` for a file of rows without such a field.
    """
    for file in files:
        is_text = layout_of(file.path) == TEXT
        has_field = is_text
        for row in rows_of(file.path):
            has_field = has_field or (row.fields is not None and name in row.fields)
            text = row.original() if is_text else _text_in(row, name)
            yield source_row_id_of(file.sha256, row.number), text
        if not has_field:
            raise InputError(
                f"no row has a field `{name}`",
                file=file.path,
                field="segments.text_field",
                fix="name the field that holds the text: --params=segments.text_field=<name>",
            )


def _text_in(row: RawRow, name: str) -> str:
    read = text_field(row.fields or {}, name)
    return "" if isinstance(read, Fault) else printable(read)
