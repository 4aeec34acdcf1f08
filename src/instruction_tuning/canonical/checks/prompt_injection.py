"""Text that reads like an instruction to the program that processes it, not like a task for the answerer.

Only ever a flag by default: sets that teach a model to withstand such texts must contain them. What is
looked for: calls to drop earlier instructions, calls to show the system prompt, well-known personas without
rules, and the marks by which chat templates tell speakers apart (Perez and Ribeiro, Ignore Previous Prompt,
arXiv:2211.09527, name the first two goal hijacking and prompt leaking).
"""

import re

from instruction_tuning.canonical.checks.spans import GatedChecks, TextCheck, any_of, first_match

_INJECTION = re.compile(
    # goal hijacking
    r"\b(?:ignore|disregard|forget|override|bypass)\s{1,3}(?:(?:all|any|the|of|every|everything)\s{1,3}){0,3}"
    r"(?:(?:your|my|our|these|those)\s{1,3})?"
    r"(?:previous|prior|above|earlier|preceding|foregoing|initial|original|existing|system|safety)\s{1,3}"
    r"(?:\w{1,20}\s{1,3}){0,2}?"
    r"(?:instructions?|prompts?|rules|guidelines|directions|commands?|programming|directives?)\b|"
    r"\b(?:ignore|disregard|forget|override)\s{1,3}(?:all\s{1,3}(?:of\s{1,3})?)?your\s{1,3}"
    r"(?:\w{1,20}\s{1,3})?(?:instructions|prompt|rules|guidelines|programming|directives)\b|"
    r"\byou\s{1,3}are\s{1,3}no\s{1,3}longer\s{1,3}(?:an?\s{1,3}(?:ai|assistant|language)|bound|chatgpt)\b|"
    # prompt leaking
    r"\b(?:reveal|print|repeat|show|output|display|leak|tell)\s{1,3}(?:me\s{1,3})?(?:your|the)\s{1,3}"
    r"(?:\w{1,20}\s{1,3})?(?:system|initial|hidden|original)\s{1,3}(?:prompt|instructions?|messages?)\b|"
    # personas without rules
    r"\bdo\s{1,3}anything\s{1,3}now\b|\bdan\s{1,3}mode\b|\bdeveloper\s{1,3}mode\s{1,3}(?:enabled|output)\b|"
    # marks of chat templates
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end)\|>|"
    r"\[/?INST\]|<</?SYS>>|"
    r"(?:忽略|无视|忘记|忘掉|不要理会|抛弃)[^。！？\n]{0,8}(?:之前|以上|上面|上述|前面|先前|原有|你的|此前)"
    r"[^。！？\n]{0,8}(?:指令|指示|提示词?|规则|设定|命令|限制)|"
    r"(?:输出|告诉我|显示|泄露|打印|重复|说出)[^。！？\n]{0,8}(?:系统|初始|隐藏)(?:的)?(?:提示|指令|设定)",
    re.IGNORECASE,
)

INJECTION_CHECKS = GatedChecks(
    any_of(
        *("ignore", "disregard", "forget ", "override ", "bypass", "no longer", "anything now", "dan mode"),
        *("system prompt", "system instruction", "system message", "initial prompt", "initial instruction"),
        *("hidden prompt", "hidden instruction", "original prompt", "original instruction", "developer mode"),
        *("<|", "[inst]", "[/inst]", "sys>>"),
        *("忽略", "无视", "忘记", "忘掉", "不要理会", "抛弃", "系统", "初始", "隐藏"),
    ),
    (TextCheck("prompt_injection", first_match(_INJECTION)),),
)
