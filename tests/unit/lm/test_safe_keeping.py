"""Completions and notes of one turn of the loop are one transaction, on disk before anyone goes on."""

import asyncio
import sqlite3

import pytest

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.safe_keeping import SafeKeeping


class Counted(CompletionStore):
    """A store that counts what it commits, and that breaks where it is told to."""

    def __init__(self, path):
        super().__init__(path)
        self.commits, self.is_broken = [], False

    def put(self, completions, **notes):
        if self.is_broken:
            raise WorkspaceError("the disk is full", file=self.path, fix="make room")
        super().put(completions, **notes)
        self.commits.append(len(completions))


@pytest.fixture
def counted(tmp_path):
    with Counted(tmp_path / "completions.sqlite") as store:
        yield store


def completion(number: int) -> Completion:
    return Completion(f"{number:064d}", "answer", "teacher", "ok", (Choice("An answer.", "stop"),))


@pytest.mark.parametrize(("count", "commits"), [(1, [1]), (3, [3]), (8, [4, 4]), (10, [4, 4, 2])])
def test_what_comes_in_one_turn_is_a_transaction_of_few_and_on_disk_before_a_sender_goes_on(
    counted, count, commits
):
    def on_disk() -> int:
        with sqlite3.connect(counted.path) as other:
            return other.execute("SELECT COUNT(*) FROM completions").fetchone()[0]

    async def keep() -> list[int]:
        safe = SafeKeeping(counted)

        async def sender(number: int) -> int:
            await safe.put(completion(number))
            return on_disk()

        return await asyncio.gather(*(sender(number) for number in range(count)))

    seen = asyncio.run(keep())
    assert counted.commits == commits
    # The one that makes a transaction full goes on at once, and by then has seen it.
    assert all(number + 1 <= found <= count for number, found in enumerate(seen))


def test_every_note_has_its_number_and_goes_with_its_completion(counted):
    async def keep() -> None:
        safe = SafeKeeping(counted)
        worst = [0.5, 0.25, 0.125]
        notes = await asyncio.gather(*(safe.note_sent(f"{i:064d}", usd) for i, usd in enumerate(worst)))
        assert counted.sent_total() == (3, 0.875)
        await safe.put(completion(1), [notes[1]])
        assert counted.sent_usd([f"{1:064d}"]) == 0.0
        assert counted.sent_total() == (2, 0.625)

    asyncio.run(keep())


def test_a_broken_store_is_told_to_those_who_wait_and_tried_once_more_at_the_end(counted):
    async def keep() -> tuple[list[object], SafeKeeping]:
        safe = SafeKeeping(counted)
        counted.is_broken = True
        told = await asyncio.gather(*(safe.put(completion(i)) for i in range(3)), return_exceptions=True)
        await safe.put(completion(3))  # is not made to wait for another failure
        with pytest.raises(WorkspaceError):
            await safe.note_sent("5" * 64, 1.0)
        return told, safe

    told, safe = asyncio.run(keep())
    assert all(isinstance(error, WorkspaceError) for error in told)
    counted.is_broken = False
    safe.put_rest()
    assert counted.commits == [4] and counted.sent_total() == (0, 0.0)


def test_a_sender_that_is_cancelled_takes_nothing_from_the_others(counted):
    async def keep() -> None:
        safe = SafeKeeping(counted)
        first, second = (asyncio.create_task(safe.put(completion(number))) for number in range(2))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert first.cancelled() or first.cancelling()

    asyncio.run(keep())
    assert counted.commits == [2]
