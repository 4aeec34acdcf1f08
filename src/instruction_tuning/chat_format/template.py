"""The chat template of the project's own base models, and its special tokens.

One turn is `<|role|>text<|end|>`. The `{% generation %}` marks tell trainers which tokens an assistant
wrote, so that the loss mask needs no guessing.
"""

SYSTEM, USER, ASSISTANT, END = "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"
DOCUMENT_SEPARATOR, PADDING = "<|endoftext|>", "<|pad|>"
SPECIAL_TOKENS = (DOCUMENT_SEPARATOR, PADDING, SYSTEM, USER, ASSISTANT, END)

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}"
    "<|assistant|>{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}"
    "{%- else -%}"
    "<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}"
)
