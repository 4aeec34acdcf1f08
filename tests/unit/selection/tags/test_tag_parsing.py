import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.selection.tags.tag_parsing import parse_tags, tagging_requests, with_tags

TWO = '[{"tag": "sorting", "explanation": "It sorts."}, {"tag": "Python", "explanation": ""}]'


@pytest.mark.parametrize(
    "reply",
    [
        TWO,
        f"```json\n{TWO}\n```",
        f"Here are the tags:\n{TWO}\nI hope that this helps [really].",
        f"<think>Perhaps {json.dumps(['a', 'b'])}?</think>{TWO}",
        f'[{{"tag": "draft"}}] or rather {TWO}',
        '{"tags": ["sorting", "Python"]}',
        '["sorting", "Python", "sorting"]',
        '[{"tag": "sorting"}, {"tag": "Python"},]',
        '[{"tag": "sorting", "explanation": "over\ntwo lines [see [1]]"} {"Tag": " Python\\n"}]',
        '[{"tag": "sorting"}, {"tag": 3}, {"name": "x"}, null, {"tag": ""}, {"tag": "Python"}]',
        '[{"tag": "sort\\ud800ing"}, {"tag": "Python"}]',
    ],
)
def test_tags_are_read_from_what_stands_around_them(reply: str) -> None:
    assert parse_tags(reply) == (["sorting", "Python"], "parsed")


@pytest.mark.parametrize(
    "reply",
    [
        TWO[:-1],
        TWO[: len(TWO) // 2],
        '[{"tag": "code", "explanation": "returns [] if the list is [\'a\', "b"]',
        f'{TWO}\nBetter:\n[{{"tag": "sort',
        "[{'tag': 'sorting'}]",
        '[{"tag": 3}]',
        "[1, 2]",
        "Sorting, Python",
        "",
        None,
        float("nan"),
        "[{" * 50_000,
        '[{"a": ' + "[" * 100_000,
        f'["{"9" * 10_000}", {"9" * 10_000}]',
    ],
)
def test_half_a_list_and_no_list_are_unparseable_and_have_no_tags(reply: object) -> None:
    assert parse_tags(reply) == (None, "unparseable")


@pytest.mark.parametrize("reply", ["[]", "There is nothing to tag: [ ].", '{"tags": []}'])
def test_no_tag_named_is_empty_and_not_unparseable(reply: str) -> None:
    assert parse_tags(reply) == ([], "empty")


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from('[]{}",: \\tag0né'), max_size=60))
def test_no_reply_raises(reply: str) -> None:
    tags, status = parse_tags(reply)
    assert (status == "parsed") == bool(tags)
    assert (tags is None) == (status == "unparseable")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=5))
def test_a_list_that_was_written_is_read_back(tags: list[str]) -> None:
    reply = json.dumps([{"tag": tag, "explanation": "Because."} for tag in tags])
    wanted = list(dict.fromkeys(" ".join(tag.split()) for tag in tags if tag.split()))
    assert (parse_tags(reply).tags or []) == wanted


def pool(questions: list[str]) -> pd.DataFrame:
    turns = [
        [{"role": "user", "content": text}, {"role": "assistant", "content": "Done."}] for text in questions
    ]
    return pd.DataFrame({"record_id": [f"{n:02x}" for n in range(len(turns))], "messages": turns})


def test_a_request_shows_the_question_and_not_the_answer() -> None:
    (request,) = tagging_requests(pool(["Sort 3 1 2."]), temperature=0.0, max_tokens=99, seed=1)
    content = request.messages[0][1]
    assert "[Request]\nSort 3 1 2.\n[End of request]" in content and "Done." not in content
    assert (request.record_id, request.kind, request.num_samples, request.max_tokens) == (
        "00",
        "tagging",
        1,
        99,
    )


def test_a_conversation_is_tagged_as_a_whole() -> None:
    turns = [("user", "Hi"), ("assistant", "Hello"), ("user", "Sort 2 1."), ("assistant", "1 2")]
    frame = pool(["x"]).assign(messages=[[{"role": role, "content": text} for role, text in turns]])
    (request,) = tagging_requests(frame, temperature=0.0, max_tokens=99, seed=1)
    assert "User: Hi\n\nAssistant: Hello\n\nUser: Sort 2 1.\n[End of request]" in request.messages[0][1]


def test_seeds_hang_on_the_record_and_not_on_its_place() -> None:
    def seeds(frame: pd.DataFrame) -> dict[str, int]:
        made = tagging_requests(frame, temperature=1.0, max_tokens=9, seed=4)
        return {request.record_id: request.seed for request in made}

    frame = pool(["a", "b", "c"])
    assert seeds(frame) == seeds(frame[::-1])


def test_what_did_not_come_is_failed_and_null() -> None:
    completions = pd.DataFrame(
        {"record_id": ["a", "b", "c"], "response": [TWO, None, "no"], "status": ["ok", "failed", "ok"]},
        index=[7, 3, 5],
    )
    tagged = with_tags(completions)
    assert tagged["status"].tolist() == ["parsed", "failed", "unparseable"]
    assert tagged["tags"].tolist() == [["sorting", "Python"], None, None]
    assert tagged.columns.tolist() == ["record_id", "tags", "status"]


def test_the_replies_of_the_microworlds_teacher_are_read() -> None:
    world = build_world()
    items = [item for item in benchmark_items(world, 3) if item["split"] == "train" and item["counted"]][::9]
    teacher = Teacher(world, TeacherFaults(unparseable_rate=0.2), seed=1)
    requests = tagging_requests(
        pool([item["question"] for item in items]), temperature=0.0, max_tokens=200, seed=1
    )
    replies = [
        teacher.reply([{"role": role, "content": text} for role, text in request.messages], request.seed, 0)
        for request in requests
    ]
    completions = pd.DataFrame(
        {"record_id": [r.record_id for r in requests], "response": replies, "status": "ok"}
    )
    tagged = with_tags(completions)
    for reply, tags in zip(replies, tagged["tags"], strict=True):
        if reply.endswith("]"):
            assert tags == list(dict.fromkeys(row["tag"] for row in json.loads(reply)))
        else:
            assert tags is None
    assert 0.1 < (tagged["status"] == "unparseable").mean() < 0.3
