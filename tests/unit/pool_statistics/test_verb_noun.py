import json
from pathlib import Path

import pandas as pd
import pytest

from instruction_tuning.pool_statistics.verb_noun import (
    frequent_pairs,
    top_pairs,
    verb_noun,
    verb_noun_counts,
)

LABELS = Path(__file__).parents[3] / "benchmarks" / "verb_noun_labels.json"


@pytest.mark.parametrize(
    ("text", "verb", "noun"),
    [
        ("Write a short story about a dog.", "write", "story"),
        ("Could you please give me three useful tips?", "give", "tip"),
        ("Given a list of words, sort them.", "sort", None),
        ("Based on the text, create two clear and simple questions.", "create", "question"),
        ("Explain how photosynthesis works.", "explain", None),
        ("Edit the given sentence using the passive voice.", "edit", "sentence"),
        ("Compare and contrast the two novels.", "compare", "novel"),
        ("Give the reader a reason.", "give", "reason"),
        ("Generate a list of ten items", "generate", "list"),
        ("Describe machine learning.", "describe", "learning"),
        ("Write a story involving a cat.", "write", "story"),
        ("Name three species of whales", "name", "species"),
        ("How can I improve my memory?", "improve", "memory"),
        ("What kind of shoes would you recommend?", "recommend", "kind"),
        ("What is the capital of France?", None, None),
        ("The sun gives light.", "give", "light"),
        ("Plants can convert sunlight into energy.", "convert", "sunlight"),
        ("The report was written by Ada.", "write", None),
        ("He has written two books.", "write", "book"),
        ("Paris is the capital of France.", None, None),
        ("", None, None),
        ("?!", None, None),
        ("42", None, None),
    ],
)
def test_english(text, verb, noun):
    assert verb_noun(text, "en") == (verb, noun)


@pytest.mark.parametrize(
    ("text", "verb", "noun"),
    [
        ("请写一篇关于环保的文章。", "写", "文章"),
        ("把下面的句子翻译成英文。", "翻译", "句子"),
        ("根据以下文章，总结主要观点。", "总结", "观点"),
        ("用简单的话解释一个科学现象。", "解释", "现象"),
        ("对以下动物进行分类。", "分类", "动物"),
        ("为一家餐厅设计一个标志。", "设计", "标志"),
        ("通过重新排列单词来编辑句子。", "编辑", "句子"),
        ("解释如何打领结。", "解释", None),
        ("什么是机器学习？", None, None),
        ("巴黎是法国的首都。", None, None),
        ("", None, None),
    ],
)
def test_chinese(text, verb, noun):
    assert verb_noun(text, "zh") == (verb, noun)


def test_a_language_without_rules_has_no_pair():
    assert verb_noun("Écris une histoire.", "other") == (None, None)


def test_all_counts_together_are_the_number_of_texts():
    texts = ["Write a poem.", "Write poems.", "What is it?", "写一首诗。", "Écris."]
    counts = verb_noun_counts(texts, ["en", "en", "en", "zh", "other"])
    assert counts["count"].sum() == 5
    assert counts.iloc[0].tolist() == ["en", "write", "poem", 2]
    assert frequent_pairs(counts, at_least=2)["count"].sum() == 4  # the two texts without a pair stay


def test_top_pairs_are_the_most_frequent_and_above_a_frequency():
    texts = ["Write a poem."] * 3 + ["Write a song."] * 2 + ["Find a word."]
    counts = verb_noun_counts(texts, ["en"] * 6)
    assert top_pairs(counts, language="en", most=1)["noun"].tolist() == ["poem"]
    assert top_pairs(counts, language="en", most=None, at_least=2)["noun"].tolist() == ["poem", "song"]
    assert top_pairs(counts, language="zh").empty


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("language", "file", "least"),
    [
        ("en", "alpaca_en/alpaca_data.parquet", 0.95),
        ("zh", "alpaca_zh/aligned_12345_18280.parquet", 0.9),
    ],
)
def test_agreement_with_labels_made_by_reading(real_data_dir, language, file, least):
    labels = json.loads(LABELS.read_text(encoding="utf-8"))[language]
    texts = pd.read_parquet(real_data_dir / file).set_index("_row")["instruction"]
    agreed = [verb_noun(texts[int(row)], language) == tuple(label) for row, label in labels.items()]
    assert sum(agreed) / len(agreed) >= least
