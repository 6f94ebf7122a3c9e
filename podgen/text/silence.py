"""Whether a text holds anything that is said."""

from __future__ import annotations


def has_words(text: str) -> bool:
    """Whether there is a letter or a figure, or a sign that is said by itself."""
    return any(char.isalnum() or char in "$£€%&@+=½¼¾⅓⅔" for char in text)


def is_silent(said: str) -> bool:
    """Whether a text as it is said holds nothing that can be spoken: no letter and no figure."""
    return not any(char.isalnum() for char in said)
