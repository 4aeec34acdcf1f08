"""The annotation page in Chromium: the work done with the keyboard, and what is stored of it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from annotation_builders import TOKEN, a_task, serving_process
from ui_page import Page

from instruction_tuning.annotation.events import Event
from instruction_tuning.annotation.store import AnnotationStore

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=\"document.title='broken'\"> <b>bold</b>"
CODE = "Here:\n\n```python\ndef add(a, b):\n    return a - b\n```"
TASKS = [
    a_task("rewrite", asked="اشرح: لماذا السماء زرقاء؟", before="السماء زرقاء", position=0),
    a_task("correct", asked=f"Add two numbers. {MARKUP}", before=CODE, position=1),
    a_task("review", asked="今天天气很好，用英文怎么说？", before="It is fine.", position=2),
    a_task("compare", asked="Which?", before="one", other="two", position=3),
]


@dataclass
class Keyboard:
    """Keys that go to whatever has the focus."""

    driver: Any

    def press(self, *keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def save_text(self) -> None:
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys

        keys = ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER)
        keys.key_up(Keys.CONTROL).perform()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with AnnotationStore(tmp_path / "a.sqlite") as opened:
        opened.list_tasks(TASKS)
    return tmp_path / "a.sqlite"


@pytest.fixture
def keyboard(page: Page) -> Iterator[Keyboard]:
    yield Keyboard(page._driver)
    page._driver.execute_script("localStorage.clear()")


def stored(path: Path) -> list[Event]:
    with AnnotationStore(path) as opened:
        return [event for _, event in opened.events()]


def wait_until(is_so: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_rewrite_a_correction_a_review_and_a_comparison_by_keyboard_are_stored(page, keyboard, store):
    from selenium.webdriver.common.keys import Keys

    with serving_process(store) as (_, url):
        page.open(url)
        page.wait_for_text("Who are you?")
        keyboard.press("Zoé 张", Keys.ENTER)
        page.wait_for_text("Turn the continuation into a good answer", "0 of 4 annotations, 0 yours")
        keyboard.press(" لأن الضوء يتشتت")
        keyboard.save_text()
        shown = page.wait_for_text("Correct the answer", "1 of 4 annotations, 1 yours", MARKUP)
        assert "def add(a, b):" in page.texts("#before pre")[0] and "```" not in page.texts("#before")[0]
        assert page._driver.title == "Annotation" and shown.count("<b>bold</b>") == 1
        keyboard.press(Keys.BACKSPACE * len("b\n```"), "b\n```")
        keyboard.save_text()
        page.wait_for_text("Accept or reject the answer", "今天天气很好")
        keyboard.press(Keys.ENTER)
        page.wait_for_text("Accept or reject first")
        keyboard.press("r")
        keyboard.press("too free", Keys.ESCAPE, "0", Keys.ENTER)
        page.wait_for_text("Which answer is better?")
        keyboard.press(Keys.ARROW_LEFT, "u")  # takes the review back
        page.wait_for_text("Accept or reject the answer", "Undone")
        keyboard.press("a", "9", Keys.ENTER)
        page.wait_for_text("Which answer is better?")
        left = page.texts("#left")[0]
        keyboard.press(Keys.ARROW_LEFT, Keys.ENTER)
        page.wait_for_text(
            "All done, thank you", "kedro run --pipeline=annotation", "4 of 4 annotations, 4 yours"
        )
        assert page.errors() == []
    events = stored(store)
    assert {event.who for event in events} == {"Zoé 张"}
    rewrite, correct, review, undo, again, compare = events
    assert rewrite.before == {"answer": "السماء زرقاء"}
    assert rewrite.after == {"answer": "السماء زرقاء لأن الضوء يتشتت"}
    assert correct.before["answer"] == correct.after["answer"] == CODE
    assert review.after == {"verdict": "reject", "mark": 10, "reason": "too free"}
    assert undo.undoes == review.event_key and undo.after is None
    assert again.after["verdict"] == "accept" and again.after["mark"] == 9
    chosen = {"first": "one", "second": "two"}[compare.after["preferred"]]
    assert left.endswith(chosen) and compare.shown_first == compare.after["preferred"]
    assert all(event.seconds is not None and event.seconds < 120 for event in events if event is not undo)


def test_the_page_outlives_its_server_and_says_what_was_not_saved(page, keyboard, store):
    from selenium.webdriver.common.keys import Keys

    with serving_process(store) as (process, url):
        page.open(url)
        page.wait_for_text("Who are you?")
        keyboard.press("Ada", Keys.ENTER)
        page.wait_for_text("Turn the continuation")
        process.kill()
        process.wait()
        keyboard.press(" kept")
        keyboard.save_text()
        page.wait_for_text("this may not be saved", "Your text stays in this page")
        assert stored(store) == []
    port = int(url.partition("/#")[0].rpartition(":")[2])
    with serving_process(store, port) as (_, again):
        assert again == url and TOKEN in url
        keyboard.save_text()
        page.wait_for_text("Correct the answer", "1 of 4 annotations")
        page.open(url)  # who I am is known, and where I was
        page.wait_for_text("Correct the answer")
    assert [event.after for event in stored(store)] == [{"answer": "السماء زرقاء kept"}]
    assert all("ERR_CONNECTION_REFUSED" in error for error in page.errors())


def test_an_address_without_its_token_shows_nothing_of_the_tasks(page, keyboard, store):
    with serving_process(store) as (_, url):
        page.open(url.partition("#")[0])
        shown = page.wait_for_text("lacks its token")
        assert "Who are you" not in shown
        page.open(url.partition("#")[0] + "#wrong")
        page.wait_for_text("Who are you?")
        keyboard.press("Eve\n")
        page.wait_for_text("or an old one")
