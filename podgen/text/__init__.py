"""The words: from a text as it is written to words that any engine speaks."""
