"""Languages by their BCP 47 tags."""

from __future__ import annotations


def primary(language: str) -> str:
    """The language of a BCP 47 tag without its region: "en" of "en-GB"."""
    return language.replace("_", "-").split("-", 1)[0].casefold()
