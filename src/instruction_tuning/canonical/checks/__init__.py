"""What a text says that a person should know before a model learns from it: texts in, findings out."""
