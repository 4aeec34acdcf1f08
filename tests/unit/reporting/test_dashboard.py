from html.parser import HTMLParser

import pytest
from reporting_builders import pool, rejected, selected, stored_run, training_log, verdict

from instruction_tuning.reporting.dashboard import dashboard
from instruction_tuning.reporting.figures import (
    ability_figure,
    ingestion_figure,
    training_figure,
)
from instruction_tuning.reporting.run_summary import summarise
from instruction_tuning.reporting.selection_figure import selection_figure

VOID = {"meta", "br", "link"}


@pytest.fixture(scope="module")
def page():
    records = pool()
    figures = [
        ability_figure(verdict()["evidence"]),
        ingestion_figure(records, rejected()),
        selection_figure(records, selected(records), seed=1),
        training_figure(training_log(), training_log(), {}),
    ]
    return dashboard(summarise(**stored_run()), figures)


class OpenTags(HTMLParser):
    """Keeps a stack of open tags; fails where one is closed that is not open."""

    def __init__(self):
        super().__init__()
        self.stack, self.sources = [], []

    def handle_starttag(self, tag, attributes):
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag


def test_the_page_is_whole_and_loads_nothing_from_elsewhere(page):
    tags = OpenTags()
    tags.feed(page)
    assert tags.stack == [] and tags.sources == []


def test_plotly_is_inline_once_for_all_figures(page):
    assert page.count("plotly.js v") == 1
    assert page.count("Plotly.newPlot(") >= 4


def test_texts_of_records_are_escaped(page):
    assert "Question &lt;" in page
    assert "<p class='prompt'>Question <" not in page


def test_what_both_models_said_to_unseen_items_is_on_the_page(page):
    assert "<p class='prompt'>What is &lt;open_qa&gt;?</p>" in page
    assert "base, wrong: Q: What</p>" in page and "SFT, right: It is Miran.</p>" in page


def test_verdict_and_checks_are_on_the_page(page):
    assert "The candidate may become champion" in page
    assert "keeps document form" in page


def test_every_figure_has_a_heading(page):
    for title in (
        "Mean scores on unseen items",
        "Rows left after each stage",
        "Selection",
        "Training loss",
    ):
        assert f"<h3>{title}</h3>" in page
