"""The page's server over real HTTP: who gets in, what is refused, and what a kill leaves."""

import json
import random
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException

import pytest
from annotation_builders import TOKEN, Client, a_task, serving_process

from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.server import MAX_BODY_BYTES, AnnotationServer
from instruction_tuning.annotation.store import AnnotationStore

TASKS = [a_task(asked=f"Question {number}?", position=number, annotators=3) for number in range(12)]


@pytest.fixture
def url(tmp_path) -> Iterator[str]:
    with AnnotationStore(tmp_path / "a.sqlite") as store:
        store.list_tasks(TASKS)
        with AnnotationServer(Desk(store), port=0, token=TOKEN) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            yield server.url
            server.shutdown()


def stored(path):
    with AnnotationStore(path) as store:
        return [event for _, event in store.events()]


def test_the_page_is_whole_and_may_reach_nothing_but_its_server(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        page, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
    nonce = page.partition('nonce="')[2].partition('"')[0]
    assert "default-src 'none'" in policy and f"script-src 'nonce-{nonce}'" in policy and len(nonce) > 16
    assert "__NONCE__" not in page and "http://" not in page and "https://" not in page and TOKEN not in page
    assert "innerHTML" not in page


def test_a_person_gets_a_task_saves_it_and_gets_the_next(url, tmp_path):
    ada = Client(url, "Ada")
    first = ada.ask("next")["task"]
    told = ada.save(first["task_id"], {"answer": "vier 四 ארבע"})
    assert told["progress"]["all"]["mine"] == 1 and told["recent"][0]["task_id"] == first["task_id"]
    assert ada.ask("next")["task"]["task_id"] != first["task_id"]
    (event,) = stored(tmp_path / "a.sqlite")
    assert (event.who, event.before, event.after) == ("Ada", {"answer": "5"}, {"answer": "vier 四 ארבע"})
    assert event.seconds == 3.2 and event.at.endswith("+00:00")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),  # a name that was made to point here
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"X-Annotation-Token": ""}, 401),
        ({"X-Annotation-Token": "wrong"}, 401),
        ({"Content-Type": "text/plain"}, 400),  # what a form of another site could send
        ({"Content-Length": str(MAX_BODY_BYTES + 1)}, 413),
    ],
)
def test_strangers_are_refused(url, tmp_path, headers, status):
    refused, told = Client(url, "Eve").send("sign_in", {"who": "Eve"}, **headers)
    assert refused == status and told["error"] and told["fix"]
    assert stored(tmp_path / "a.sqlite") == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"who": "A"', b"[" * 100_000, b"\xff\xfe"])
def test_a_request_that_is_no_object_is_refused(url, body):
    assert Client(url, "Ada").send("next", body)[0] == 400


def test_other_sites_get_no_permission_and_other_paths_nothing(url):
    base = url.partition("#")[0]
    for method, path in (
        ("OPTIONS", "api/save"),
        ("PUT", "api/save"),
        ("GET", "api/next"),
        ("GET", "../etc"),
    ):
        request = urllib.request.Request(base + path, method=method)
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=20)
        with caught.value as answer:
            assert answer.code in (404, 501)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_wrong_field_and_a_task_of_no_list_are_said(url):
    ada = Client(url, "Ada")
    key = {"event_key": "k" * 12}
    known = TASKS[0].task_id
    status, told = ada.send("save", {"who": "Ada", "task_id": known, "value": {"answer": ""}, **key})
    assert status == 400 and "`answer` is empty" in told["error"]
    status, told = ada.send("save", {"who": "Ada", "task_id": "f" * 16, "value": {"answer": "x"}, **key})
    assert status == 409 and "changed meanwhile" in told["error"] and "copy your text" in told["fix"]
    status, told = ada.send("next", {"who": "Ada", "kind": "\ud800"})
    assert status == 400 and "no kind" in told["error"]


def test_a_client_that_says_nothing_does_not_keep_the_others_waiting(url):
    port = int(url.partition("#")[0].rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"POST /api/next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        assert Client(url, "Ada").ask("next")["task"]


def test_three_people_at_once_lose_and_double_nothing(url, tmp_path):
    def work(who: str) -> None:
        client = Client(url, who)
        while task := client.ask("next")["task"]:
            client.save(task["task_id"], {"answer": f"{who} {task['task_id']}"})

    people = [threading.Thread(target=work, args=(who,)) for who in ("Ada", "Bo", "Chen")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    done = sorted((event.task_id, event.who) for event in stored(tmp_path / "a.sqlite"))
    assert done == sorted((task.task_id, who) for task in TASKS for who in ("Ada", "Bo", "Chen"))


def test_a_kill_between_events_loses_nothing_that_was_acknowledged(tmp_path):
    """The real server, killed at five random moments while two people save as fast as they can."""
    path = tmp_path / "a.sqlite"
    with AnnotationStore(path) as store:
        store.list_tasks(TASKS)
    acknowledged: dict[str, str] = {}
    chance = random.Random(5)
    for life in range(5):
        with serving_process(path) as (process, url):
            stop = threading.Event()

            def work(who: str, url=url, life=life, stop=stop) -> None:
                for number in range(10_000):
                    key, text = f"{who}-{life}-{number:05}", f"{who} {life} {number}"
                    task = TASKS[number % len(TASKS)].task_id
                    try:
                        Client(url, who).save(task, {"answer": text}, event_key=key)
                    except (OSError, HTTPException, ValueError, AssertionError):
                        assert stop.wait(20), "the server failed before it was killed"
                        return
                    acknowledged[key] = text

            people = [threading.Thread(target=work, args=(who,)) for who in ("Ada", "Bo")]
            for person in people:
                person.start()
            time.sleep(chance.uniform(0.05, 0.3))
            process.kill()
            process.wait()
            stop.set()
            for person in people:
                person.join()
    assert len(acknowledged) > 10
    there = {event.event_key: event.after["answer"] for event in stored(path)}
    assert acknowledged.items() <= there.items()
    # At most what was under way when each of the five servers died: one request a person.
    assert len(there) - len(acknowledged) <= 5 * 2


def test_an_event_whose_acknowledgement_was_lost_is_sent_again_and_there_once(tmp_path):
    path = tmp_path / "a.sqlite"
    with AnnotationStore(path) as store:
        store.list_tasks(TASKS)
    task = TASKS[0].task_id
    for _ in range(2):
        with serving_process(path) as (process, url):
            Client(url, "Ada").save(task, {"answer": "4"}, event_key="sent-before-and-after")
            process.kill()
    assert len(stored(path)) == 1
    with serving_process(path) as (_, url):
        told = Client(url, "Ada").ask("open", task_id=task)
    assert json.dumps(told["task"]["value"]) == '{"answer": "4"}'
