"""Plain documents: `text` (or `content`), with an optional `title`, `path`, `file` or `url`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Document, Part, first_of, text_field
from instruction_tuning.canonical.faults import Fault

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
