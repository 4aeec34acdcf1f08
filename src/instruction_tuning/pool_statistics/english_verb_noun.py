"""The verb of an English request or sentence and the noun that it acts on, by rule.

Self-Instruct (arXiv 2212.10560, fig. 2) and GPT-4-LLM (2304.03277, fig. 2) take the verb nearest to the root
of a constituency parse and its direct object. Departures on purpose: no parser and no model. A request begins
with its verb, after polite words and after openers that end at a comma (`Given a list, ...`, `Based on
...,`); a question has it after an auxiliary and a subject; a statement has it after a word that can be a
subject. The object is the last word of the noun phrase that follows. O(words).

Limits: a verb that is not in `english_words.BASE_VERBS` is not seen. A statement whose verb is `be` has
none (a copula has no object, as with a parser). Which word is a noun is read off position and endings
alone, so a noun phrase of unusual build (`the odd one out`) gives the wrong head. Statements are harder
than requests: `benchmarks/pool_statistics.py` prints the agreement with labels made by reading.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from instruction_tuning.pool_statistics.english_words import (
    ADJECTIVE_ENDINGS,
    ADJECTIVES,
    ADVERBS,
    ARTICLES,
    BASE_VERBS,
    BE,
    CONJUNCTIONS,
    DETERMINERS,
    DITRANSITIVE,
    DO,
    GERUNDS,
    HAVE,
    ING_NOUNS,
    IRREGULAR_PLURALS,
    LINKING_VERBS,
    MODALS,
    OBJECT_PRONOUNS,
    PARTICIPLES,
    PARTICLES,
    PAST,
    PREPOSITIONS,
    SUBJECTS,
    THIRD_PERSON,
    UNCHANGED_NOUNS,
    WH_WORDS,
)


class VerbNoun(NamedTuple):
    """A verb in its base form and the head of its object in the singular; null where there is none."""

    verb: str | None
    noun: str | None


NOTHING = VerbNoun(None, None)
_MAX_WORDS = 80
_MAX_SENTENCES = 2
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*|'(?:s|re|m|ve|ll|d)\b|\d[\d.,]*|[^\w\s]")
_OPENERS = re.compile(
    r"\s*(?:please|kindly|now|then|next|first|firstly|finally|also|automatically|briefly|hi|hello|hey|ok|okay"
    r"|(?:can|could|will|would) you(?: please| kindly)?(?: help me)?|think step by step"
    r"|i(?: want|'d like| would like| need)(?: you)? to(?: know)?"
    r"|help (?:me|us)(?: to)?|let's|your (?:task|job|goal) is to"
    r"|you (?:are asked|are required|need|have|should) to|try to)\b[,:]?\s*",
    re.IGNORECASE,
)
# An opening clause that ends at a comma and says on what the task is to be done, not what it is.
_CLAUSE_OPENERS = frozenset(
    """
    given based using for in from on with as if when after before to assuming suppose imagine
    considering according following by at during while without once since
    """.split()  # noqa: SIM905
)
_QUESTION_WORDS = WH_WORDS | BE | DO | MODALS | {"what's", "how's"}
_QUOTES = frozenset("\"“”‘’'`")


def english_verb_noun(text: str) -> VerbNoun:
    """The first verb of `text`'s first two sentences with its object.

    >>> english_verb_noun("Could you please write me a short story about a dog?")
    VerbNoun(verb='write', noun='story')
    >>> english_verb_noun("Given two numbers, explain how they differ.")
    VerbNoun(verb='explain', noun=None)
    >>> english_verb_noun("What is a noun?")
    VerbNoun(verb=None, noun=None)
    """
    sentences = [part for part in _SENTENCE_END.split(text.strip(), maxsplit=_MAX_SENTENCES) if part.strip()]
    for sentence in sentences[:_MAX_SENTENCES]:
        found = _of_sentence(sentence)
        if found.verb is not None:
            return found
    return NOTHING


def _of_sentence(sentence: str) -> VerbNoun:
    rest = sentence
    while opener := _OPENERS.match(rest):
        rest = rest[opener.end() :]
    written = _WORD.findall(rest)[:_MAX_WORDS]
    words = [word.lower().replace("re-", "re") for word in written]
    if not words:
        return NOTHING
    start = _after_opening_clause(words)
    if words[start] in BASE_VERBS:
        return _with_object(words, start, words[start])
    if words[start] in _QUESTION_WORDS and (sentence.rstrip().endswith("?") or start == 0):
        return _of_question(words[start:])
    return _of_statement(words[start:])


def _after_opening_clause(words: Sequence[str]) -> int:
    """Where the main clause begins: behind `Given ...,` when a request follows the comma, else at 0."""
    if words[0] not in _CLAUSE_OPENERS and words[0] not in GERUNDS:
        return 0
    for position, word in enumerate(words[:-1]):
        if word in (",", ":"):
            after = position + 1
            while after < len(words) - 1 and words[after] in ("please", "then", "and", "also"):
                after += 1
            if words[after] in BASE_VERBS and words[after] not in PREPOSITIONS:
                return after
            if words[after] in _QUESTION_WORDS and words[0] not in _QUESTION_WORDS:
                return after
    return 0


def _of_question(words: Sequence[str]) -> VerbNoun:
    """`How can I solve this?`: the base form after auxiliary and subject; `be` alone has no object."""
    auxiliary = next((i for i, word in enumerate(words) if word in MODALS or word in DO or word in BE), None)
    if auxiliary is None:
        return _of_statement(words[1:])
    if words[auxiliary] in BE:
        return NOTHING
    for position in range(auxiliary + 1, len(words)):
        word, before = words[position], words[position - 1]
        if word == "be":
            verb = next(
                (PARTICIPLES[w] for w in words[position + 1 : position + 3] if w in PARTICIPLES), None
            )
            return VerbNoun(verb, None)
        is_placed = before not in ARTICLES and before not in PREPOSITIONS and before not in ADJECTIVES
        if word in BASE_VERBS and is_placed and position > auxiliary + 1:
            found = _with_object(words, position, word)
            asked_for = words[0] in ("what", "which") and auxiliary > 1
            return VerbNoun(word, _noun(words[:auxiliary], 1, "")) if asked_for and not found.noun else found
    return NOTHING


def _of_statement(words: Sequence[str]) -> VerbNoun:
    """The first finite verb that stands where a subject can be before it."""
    position = 0
    while position < len(words):
        word = words[position]
        if word in MODALS or word in DO:
            return _after_auxiliary(words, position + 1, words[position + 1 :], BASE_VERBS)
        if word in BE and position:
            return _after_be(words, position + 1)
        if word in HAVE and position:
            after = _skip_adverbs(words, position + 1)
            if after < len(words) and words[after] in PARTICIPLES:
                return _with_object(words, after, PARTICIPLES[words[after]])
            if after < len(words) and words[after].endswith("ed"):
                return NOTHING  # a verb that is not listed
            return _with_object(words, position, "have")
        verb = _finite_verb(words, position)
        if verb is not None:
            return _with_object(words, position, verb)
        position += 1
    return NOTHING


def _after_auxiliary(
    words: Sequence[str], start: int, rest: Sequence[str], forms: frozenset[str]
) -> VerbNoun:
    position = _skip_adverbs(words, start)
    if position < len(words) and words[position] == "be":
        return _after_be(words, position + 1)
    if position < len(words) and words[position] in forms:
        return _with_object(words, position, words[position])
    return NOTHING


def _after_be(words: Sequence[str], start: int) -> VerbNoun:
    position = _skip_adverbs(words, start)
    if position < len(words) and words[position] in GERUNDS and words[position] not in ING_NOUNS:
        return _with_object(words, position, GERUNDS[words[position]])
    if position < len(words) and words[position] in PARTICIPLES:
        return VerbNoun(PARTICIPLES[words[position]], None)
    return NOTHING


def _finite_verb(words: Sequence[str], position: int) -> str | None:
    if position == 0:
        return None
    word, before = words[position], words[position - 1]
    after = words[position + 1] if position + 1 < len(words) else "."
    if before in ARTICLES or before in PREPOSITIONS or before in ("who", "which", "that", "to", "and", "or"):
        return None
    if before.isalpha() is False and before not in (")", '"', "”"):
        return None
    if word in THIRD_PERSON and after not in ("of", ".", ",", ")", "and", "or", "in", "for"):
        return THIRD_PERSON[word]
    if word in PAST and after not in ("by", "in", "for", "with", "on", "from", "as", "to", ".", ","):
        return PAST[word]
    if word in BASE_VERBS and (before in SUBJECTS or (before.endswith("s") and not before.endswith("ss"))):
        return word if after in DETERMINERS or before in SUBJECTS else None
    return None


def _skip_adverbs(words: Sequence[str], position: int) -> int:
    while position < len(words) and (words[position] in ADVERBS or words[position].endswith("ly")):
        position += 1
    return position


def _with_object(words: Sequence[str], verb_at: int, verb: str) -> VerbNoun:
    if verb in LINKING_VERBS:
        return VerbNoun(verb, None)
    position = verb_at + 1
    # `compare and contrast X`, `compose and send a letter`
    while position + 1 < len(words) and words[position] in ("and", "or", "/"):
        is_verb = words[position + 1] in BASE_VERBS
        if not is_verb and not (position + 2 < len(words) and words[position + 2] in ARTICLES):
            break
        position += 2
    return VerbNoun(verb, _noun(words, position, verb))


def _stands_before_object(word: str, after: str) -> bool:
    is_quote = word in _QUOTES and after.isalpha()
    return is_quote or word in DETERMINERS or word == "of" or word[0].isdigit()


def _noun(words: Sequence[str], start: int, verb: str) -> str | None:
    """The singular of the last noun in the phrase that begins at `start`; null where none begins there."""
    position = start
    if position < len(words) and words[position] in PARTICLES:
        position += 1
    if position < len(words) and words[position] in ("in", "out") and verb in ("fill", "carry", "turn"):
        position += 1
    if position + 1 < len(words) and words[position] in OBJECT_PRONOUNS:
        position += words[position] in ("me", "us", "him", "them", "you", "her", "one")
    head: str | None = None
    while position < len(words):
        word = words[position]
        after = words[position + 1] if position + 1 < len(words) else "."
        if head is None and _stands_before_object(word, after):
            position += 1
            continue
        if word == "'s":
            head = None
        elif word in ARTICLES and head is not None:
            # A second object follows: it is what is given, shown or told.
            return _noun(words, position, "") if verb in DITRANSITIVE else _singular(head)
        elif word in ("and", ",", "or") and head is not None and _is_adjective(head) and after.isalpha():
            head = None
        elif not word.isalpha() and "-" not in word[1:]:
            if word == "-" and head is not None and after.isalpha():
                head = None
            elif not word[0].isdigit():
                break
        elif _ends_phrase(word, after, head) or (
            verb == "make" and word in ("sure", "easier", "harder", "possible")
        ):
            break
        elif not word.endswith("ly") and word not in ADVERBS:
            head = word
        position += 1
    return None if head is None or head in SUBJECTS or head in OBJECT_PRONOUNS else _singular(head)


def _ends_phrase(word: str, after: str, head: str | None) -> bool:
    if word in PREPOSITIONS:
        # `the given sentence`, `the following sentences`
        return not (word == "given" and head is None)
    if word in CONJUNCTIONS or word in WH_WORDS or word in BE or word in MODALS or word in DO or word in HAVE:
        return True
    if head is None:
        return False
    if word == "such":
        return True  # `features such as ...`
    is_last = not after.isalpha() or after in PREPOSITIONS or after in CONJUNCTIONS or after in ADVERBS
    if word in PARTICIPLES and (word not in BASE_VERBS or after in PREPOSITIONS):
        return is_last
    if after in PREPOSITIONS and (word in ("higher", "longer", "larger", "smaller") or _is_adjective(word)):
        return True  # `a course suitable for ...`, `items necessary to ...`
    if word in GERUNDS and word not in ING_NOUNS:
        return not is_last or after in PREPOSITIONS
    return (word in THIRD_PERSON and after in ARTICLES) or word in SUBJECTS


def _is_adjective(word: str) -> bool:
    return word in ADJECTIVES or word.endswith(ADJECTIVE_ENDINGS)


def _singular(noun: str) -> str:
    """
    >>> _singular("stories"), _singular("boxes"), _singular("glass"), _singular("e-mails")
    ('story', 'box', 'glass', 'e-mail')
    """
    if noun in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[noun]
    if (
        noun in UNCHANGED_NOUNS
        or len(noun) < 4
        or noun.endswith(("ss", "us", "is"))
        or not noun.endswith("s")
    ):
        return noun
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("xes", "ches", "shes", "sses", "zes")):
        return noun[:-2]
    return noun[:-1]
