"""Answers to the selected queries: from the teacher, checked and rated, or the records' own."""
