"""A word with how it is said, written into a script's own lexicon or into a file of one."""

from __future__ import annotations

from pathlib import Path

import yaml

from podgen.errors import ScriptError
from podgen.show.source import compose
from podgen.show.writing.head import first, with_entry
from podgen.show.writing.item import in_mapping
from podgen.show.writing.values import inline, value_of


def lexicon_file(script: Path, text: str) -> Path | None:
    """The file that a script's `lexicon` names, None where it has none or words of its own."""
    root = compose(text)
    said = value_of(root) if root is not None else None
    named = said.get("lexicon") if isinstance(said, dict) else None
    return script.parent / Path(named).expanduser() if isinstance(named, str) else None


def with_word(text: str, word: str, said: str, *, script: bool) -> str:
    """A lexicon's text, or with `script` a script's, with one word more, or said otherwise.

    Raises:
        ScriptError: it cannot be written.
    """
    if script:
        return with_entry(text, "lexicon", word, said)
    root = compose(text)
    if root is None:
        return f"{text}{inline(word)}: {inline(said)}\n"
    before = value_of(root)
    if not isinstance(root, yaml.MappingNode) or not isinstance(before, dict):
        raise ScriptError("the lexicon is no mapping of words", "change it in the file")
    return first(in_mapping(text, root, (word,), said), {**before, word: said})
