"""Instruction backtranslation: which instruction a text answers, and which pairs are worth training on."""
