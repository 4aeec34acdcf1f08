"""From turns to tokens: the chat template, and which tokens carry a loss."""
