"""A word with how it is said, written into a script's own lexicon or into a file of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from podgen.errors import ScriptError
from podgen.show.source import Value, compose
from podgen.show.writing.item import in_mapping, newline_of
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
    root = compose(text)
    if root is None and not script:
        return f"{text}{inline(word)}: {inline(said)}\n"
    if not isinstance(root, yaml.MappingNode):
        raise ScriptError("the lexicon is no mapping of words", "change it in the file")
    before = value_of(root)
    assert isinstance(before, dict)
    if script:
        own = before.get("lexicon")
        wanted: Value = {
            **before,
            "lexicon": {**(own if isinstance(own, dict) else {}), word: said},
        }
        ways = _in_script(text, root, word, said)
    else:
        wanted = {**before, word: said}
        ways = in_mapping(text, root, (word,), said)
    return _first(ways, wanted)


def _in_script(text: str, root: yaml.MappingNode, word: str, said: str) -> Iterator[str]:
    keys = {key.value: (key, node) for key, node in root.value}
    if "lexicon" in keys and isinstance(keys["lexicon"][1], yaml.MappingNode):
        yield from in_mapping(text, root, ("lexicon", word), said)
    elif "lexicon" not in keys:
        at = keys["turns"][0].start_mark.index
        line = f"lexicon: {inline({word: said})}{newline_of(text)}"
        yield text[:at] + line + text[at:]


def _first(ways: Iterable[str], wanted: Value) -> str:
    for way in ways:
        try:
            root = compose(way)
        except yaml.YAMLError:
            continue
        if root is not None and value_of(root) == wanted:
            return way
    raise ScriptError("this word cannot be written by itself", "change it in the file")
