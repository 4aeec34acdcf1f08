"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 answer`, `2,000 answers`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
