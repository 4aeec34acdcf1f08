"""What a person sees of a page in a real browser."""

from typing import Any

WAIT_SECONDS = 30
# What the pages ask for in vain, and do without.
EXPECTED_ERRORS = (
    "fonts.googleapis.com",  # on a machine without network
    "pypi.org",
    "mlflow/users/current",  # of an MLflow server without accounts
    "get-artifact?path=MLmodel",  # of a model folder that no MLflow flavour has wrapped
)


class Page:
    """One browser window. Waits instead of sleeping; keeps the errors that the console shows."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def open(self, url: str) -> None:
        """Load `url` afresh: both interfaces are one page each, which the part after # does not reload."""
        self._driver.get("about:blank")
        self._driver.get_log("browser")
        self._driver.get(url)

    def texts(self, selector: str) -> list[str]:
        """The visible words of each element, hidden overflow included."""
        return self._driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(element => element.textContent.trim())",
            selector,
        )

    def wait_for(self, selector: str, *, count: int = 1) -> list[str]:
        """The texts of at least `count` elements, as soon as there are so many."""
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self._driver, WAIT_SECONDS, poll_frequency=0.1).until(
            lambda _: texts if len(texts := self.texts(selector)) >= count else False,
            f"fewer than {count} of `{selector}` on {self._driver.current_url}",
        )

    def wait_for_text(self, *texts: str) -> str:
        """The words of the whole page, as soon as all of `texts` are among them."""
        from selenium.common.exceptions import TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait

        def body() -> str:
            return self._driver.execute_script("return document.body.innerText")

        try:
            return WebDriverWait(self._driver, WAIT_SECONDS, poll_frequency=0.1).until(
                lambda _: shown if all(text in (shown := body()) for text in texts) else False
            )
        except TimeoutException as error:
            missing = [text for text in texts if text not in body()]
            raise AssertionError(f"{missing} not on {self._driver.current_url}") from error

    def scroll_down(self) -> None:
        """To the end of the page and of every list in it: long lists hold only the rows that are in sight."""
        self._driver.execute_script(
            "for (const element of document.querySelectorAll('*')) element.scrollTop = element.scrollHeight"
        )

    def errors(self) -> list[str]:
        """What the console calls severe since the page was opened."""
        return [
            entry["message"]
            for entry in self._driver.get_log("browser")
            if entry["level"] == "SEVERE" and not any(known in entry["message"] for known in EXPECTED_ERRORS)
        ]
