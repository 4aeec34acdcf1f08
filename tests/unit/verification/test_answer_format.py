import pytest

from instruction_tuning.verification.answer_format import format_fault


@pytest.mark.parametrize("answer", ["", "  \n", "N/A", "n/a.", "<no output>", "No output", "无输出"])
def test_an_empty_answer_is_a_fault(answer):
    assert format_fault("Name a colour.", answer).startswith("empty")


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I cannot help with that.",
        "Sorry, I can't do this.",
        "As an AI language model, I have no feelings.",
        "I am unable to answer that.",
        "I’m sorry, but as an AI, I have no feelings.",
        "I'm sorry, I don't have access to your files.",
        "I cannot fulfill this request.",
        "很抱歉，我无法回答这个问题。",
        "作为一个人工智能语言模型，我没有感情。",
        "抱歉，作为一个文本机器人，我不能画画。",
        "很抱歉，但是您没有提供足够的信息。",
    ],
)
def test_a_refusal_is_a_fault(answer):
    prompt = "讲讲你的感情。" if answer[0] > "z" else "Tell me."
    assert format_fault(prompt, answer).startswith("refusal")


@pytest.mark.parametrize(
    "answer",
    [
        "None of them can fly.",
        "The word is sorry.",
        "Sorry means regret.",
        "As an airline, it flies.",
        "无论如何都可以。",
        "I'm sorry it took me so long.",
        "I am sorry that I missed your birthday.",
        "I'm sorry I can't come to your party.",
        "I am sorry, this is my mistake.",
        "Sorry I am late.",
        "I can't help thinking of her.",
        "As an AI researcher, she builds models.",
        "As a model citizen, he votes.",
        "I cannot doubt it.",
        "None",
        "none.",
        "Null",
        "无",
        "对不起，我迟到了。",
        "作为一名人工智能专家，他每天写论文。",
    ],
)
def test_what_only_begins_like_a_fault_is_none(answer):
    prompt = "怎么办？" if answer[0] > "z" else "Tell me."
    assert format_fault(prompt, answer) is None


def test_repeating_the_prompt_is_a_fault_and_a_greeting_is_not():
    assert format_fault("What is the capital of Brond?", "what is the capital of brond").startswith("echo")
    assert format_fault("Hello", "Hello!") is None


@pytest.mark.parametrize(
    "answer",
    [
        "```python\nrange(len(values), start, step, stop)\n```",
        "def first_of(values): return sorted(values)[0]",
    ],
)
def test_a_program_is_in_nobodys_language(answer):
    assert format_fault("写一个函数，取最小的数。", answer) is None


def test_the_wrong_language_is_a_fault():
    assert format_fault("Name the capital of Brond.", "布朗德的首都是巴利特。").startswith("language")
    assert format_fault("布朗德的首都是哪里？", "The capital of Brond is Balit.").startswith("language")


def test_names_numbers_and_translations_may_be_in_another_script():
    assert format_fault("布朗德的首都是哪里？", "Balit") is None
    assert format_fault("Translate into Chinese: good morning", "早上好，朋友们") is None
    assert format_fault("把这句话翻译成英文：早上好", "Good morning to all of you") is None
    assert format_fault("What does 你好 mean, in short?", "你好 means hello，是问候") is None
