import random

from instruction_tuning.pool_statistics.topics import topics

KINDS = (
    ["Sort numbers {0} and {0} ascending", "Add numbers {0} and sum digits"],
    ["Poem about rivers and mountains {0}", "Poem of mountains, rivers, forests {0}"],
    ["翻译这个句子成英文{0}", "把句子翻译成英文{0}"],
)
TEXTS = [form.format(n) for n in range(20) for kind in KINDS for form in kind]
IDS = [f"{n:04d}" for n in range(len(TEXTS))]


def test_like_texts_are_one_topic_named_by_their_words():
    labels, frame = topics(TEXTS, IDS, count=3, seed=1)
    kinds = [n % 6 // 2 for n in range(len(TEXTS))]
    assert len(set(zip(kinds, labels.tolist(), strict=True))) == 3
    named = {kinds[IDS.index(row["examples"][0])]: row["words"] for row in frame.to_dict("records")}
    assert "numbers" in named[0] and "mountains" in named[1] and "翻译" in named[2]
    assert frame["rows"].sum() == len(TEXTS)


def test_the_order_of_rows_does_not_matter():
    order = list(range(len(TEXTS)))
    random.Random(3).shuffle(order)
    labels, frame = topics(TEXTS, IDS, count=3, seed=1)
    shuffled, same = topics([TEXTS[i] for i in order], [IDS[i] for i in order], count=3, seed=1)
    assert shuffled.tolist() == [labels[i] for i in order]
    assert same.equals(frame)


def test_rows_without_words_are_told_apart_and_few_rows_make_few_topics():
    labels, frame = topics(["12 + 3", "Name a river", "?"], ["a", "b", "c"], count=20, seed=1)
    assert labels.tolist() == [-1, 0, -1]
    assert frame["words"].tolist()[-1] == "(no words)" and frame["rows"].tolist() == [1, 2]


def test_no_rows_and_no_words_have_no_topics():
    assert topics([], [], count=5, seed=1)[1].empty
    assert topics(["1", "2"], ["a", "b"], count=5, seed=1)[1]["rows"].tolist() == [2]
