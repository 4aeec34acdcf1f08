import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.schemas.document_segments import DocumentSegments, RejectedSegments
from instruction_tuning.segments.cutting import cut_documents, segments_of
from instruction_tuning.segments.faults import SegmentRules, fault_of, is_upper_case
from instruction_tuning.segments.headers import headers_of

SENTENCES = [
    f"The {a} {b} of this {c} town has been known for its {d} since many years."
    for a, b, c, d in zip(
        ("old", "new", "tall", "wide", "red", "blue", "warm", "cold", "dark", "plain", "calm", "loud"),
        (
            "tower",
            "market",
            "bridge",
            "garden",
            "river",
            "school",
            "gate",
            "hall",
            "lane",
            "mill",
            "inn",
            "pier",
        ),
        (
            "small",
            "quiet",
            "northern",
            "hidden",
            "famous",
            "poor",
            "rich",
            "busy",
            "green",
            "grey",
            "far",
            "near",
        ),
        (
            "bells",
            "bread",
            "stones",
            "roses",
            "boats",
            "books",
            "guards",
            "songs",
            "lamps",
            "flour",
            "beer",
            "fish",
        ),
        strict=True,
    )
]
GOOD = " ".join(SENTENCES)
RULES = SegmentRules()
LINE = st.one_of(
    st.sampled_from(
        [
            "# One",
            "## Two ##",
            "Three\n===",
            "Four\n---",
            "<h2>Five</h2>",
            " = = Six = = ",
            "```",
            "~~~",
            "---",
        ]
    ),
    st.sampled_from(
        ["", "text", "| a | b |", "#", "#no header", "    # code", GOOD, GOOD.upper(), "写一段文字。"]
    ),
    st.text(max_size=30),
)
DOCUMENT = st.lists(LINE, max_size=15).flatmap(
    lambda lines: st.sampled_from(["\n", "\r\n", "\n\n"]).map(lambda end: end.join(lines))
)


@pytest.mark.parametrize(
    ("document", "headers"),
    [
        ("# One\ntext\n## Two ##\n", [(1, "One"), (2, "Two")]),
        ("Title\n=====\ntext\nPart\n----\n", [(1, "Title"), (2, "Part")]),
        ("<h2 class='x'>All <b>about</b> it</h2>", [(2, "All about it")]),
        (" = Lobster = \n = = Use of <unk> = = \n", [(1, "Lobster"), (2, "Use of <unk>")]),
        ("```\n# no header\n```\n# One", [(1, "One")]),
        ("~~~~\n~~~\n# no header\n~~~~\n# One", [(1, "One")]),
        ("#hashtag\n####### seven\n", []),
        ("- item\n---\n| a |\n---\n", []),
        ("a = b\nx == y\n", []),
        ("## [Model](x.html) `Selection` {#sec}\n", [(2, "Model Selection")]),
    ],
)
def test_headers_of_each_kind(document, headers):
    assert [(header.level, header.title) for header in headers_of(document)] == headers


def test_a_segment_knows_the_headers_above_it():
    segments = segments_of("d", "# A\none\n## B\ntwo\n### C\nthree\n## D\nfour")
    assert [(s.header, s.path, s.text) for s in segments] == [
        ("A", (), "one"),
        ("B", ("A",), "two"),
        ("C", ("A", "B"), "three"),
        ("D", ("A",), "four"),
    ]


@settings(deadline=None)
@given(DOCUMENT)
def test_the_segments_of_a_document_one_after_the_other_are_the_document(document):
    segments = segments_of("d", document)
    assert "".join(document[segment.start : segment.end] for segment in segments) == document
    assert all(segment.text in document[segment.start : segment.end] for segment in segments)
    # What is in no text is header lines and white space.
    outside = sum(segment.end - segment.start - len(segment.text) for segment in segments)
    assert outside + sum(len(segment.text) for segment in segments) == len(document)


@settings(deadline=None, max_examples=50)
@given(st.lists(DOCUMENT, max_size=4))
def test_every_segment_is_kept_or_rejected_with_a_reason_and_names_its_document(documents):
    named = [(f"d{n}", document) for n, document in enumerate(documents)]
    kept, rejected = cut_documents(named, SegmentRules(min_characters=4, max_characters=3000))
    DocumentSegments.validate(kept)
    RejectedSegments.validate(rejected)
    found = [(s.document_id, s.start, s.end) for name in named for s in segments_of(*name)]
    ended = pd.concat([kept, rejected])
    assert sorted(found) == sorted(ended[["document_id", "start", "end"]].itertuples(index=False, name=None))
    assert [[one] for one in ended["document_id"]] == ended["parent_ids"].tolist()
    for name, document in named:
        mine = ended[ended["document_id"] == name].sort_values(["start", "end"])
        assert "".join(document[a:b] for a, b in zip(mine["start"], mine["end"], strict=True)) == document


@pytest.mark.parametrize(
    ("header", "text", "reason"),
    [
        ("A town", GOOD, None),
        ("A town", "", "empty_text"),
        ("", GOOD, "no_header"),
        ("ABOUT OUR TOWN", GOOD, "upper_case_header"),
        ("See also:", GOOD, "navigation_header"),
        ("参考文献", GOOD, "navigation_header"),
        ("A town", GOOD[:599], "too_short"),
        ("A town", GOOD * 5, "too_long"),
        ("A town", "\n".join([SENTENCES[0]] * 12), "repetition"),
        (
            "A town",
            "\n".join(f"- [Page {n}](https://example.org/{n}/index.html)" for n in range(20)),
            "no_prose",
        ),
        ("A town", "\n".join(["Home | News | Maps | Contact us"] * 30), "navigation"),
        ("A town", "Code:\n```\n" + "x = f(y)\n" * 100 + "```\n", "no_prose"),
    ],
)
def test_what_is_wrong_with_a_segment(header, text, reason):
    fault = fault_of(header, text, RULES)
    assert (fault and fault[0]) == reason


def test_formulas_are_no_navigation():
    text = SENTENCES[0] + "\n$$\n" + "a_1 = b\n" * 20 + "$$\n" + GOOD[:600]
    assert fault_of("Proof", text, RULES) is None


def test_abbreviations_are_no_upper_case_headers():
    assert not any(
        is_upper_case(header) for header in ("LSTM", "EXPTIME", "J. C. W.", "UOJ & LOJ", "调整 VERTEX")
    )


def test_the_same_text_is_kept_once():
    kept, rejected = cut_documents([("a", f"# A town\n{GOOD}"), ("b", f"# The town\n{GOOD}\n")], RULES)
    assert kept["document_id"].tolist() == ["a"]
    assert rejected["reason"].tolist() == ["same_text"]
    assert rejected["detail"].tolist() == kept["segment_id"].tolist()


@pytest.mark.real_data
def test_real_books_are_cut_without_loss_and_what_is_kept_reads_as_prose(real_data_dir):
    for name in ("d2l_en", "d2l_zh", "oi_wiki", "rust_book"):
        texts = pd.read_parquet(real_data_dir / "docs_text" / f"{name}.parquet")["text"].tolist()
        documents = [(str(n), text) for n, text in enumerate(texts)]
        kept, rejected = cut_documents(documents, RULES)
        assert len(kept) > 100
        ended = pd.concat([kept, rejected])
        assert (ended["end"] - ended["start"]).sum() == sum(map(len, texts))
        assert kept["characters"].between(600, 3000).all()
