"""Documents cut into the texts under their headers, which may answer an instruction that nobody wrote."""

# Each is one document; in any other file every row is one.
DOCUMENT_SUFFIXES = (".md", ".markdown", ".txt", ".rst", ".html", ".htm")
