"""One entry of `turns` as text: its name, its value and its keys, changed and nothing else.

Every change is read back: what comes out says what it should, or the change is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import yaml

from podgen.errors import ScriptError
from podgen.show.source import Value, compose, shares
from podgen.show.writing.scalars import WIDTH, new_block, plain, proposals, quoted
from podgen.show.writing.values import Given, as_read, end_of, inline, is_empty, value_of

SHORT = {"chapter": "title", "music": "file", "sound": "file", "pause": ""}
"""The key that the short form of an item stands for; `text` where a character speaks."""
_IN_FILE = "change it in the file"


def short_key(name: str) -> str:
    """The key that the short form of an item of this name gives."""
    return SHORT.get(name, "text")


@dataclass(frozen=True, slots=True)
class Item:
    """An entry that has been read: its text, its one name with its node, its value with its."""

    body: str
    name: str
    key: yaml.Node
    node: yaml.Node

    @property
    def value(self) -> Value:
        """What it says."""
        return value_of(self.node)

    @property
    def values(self) -> Mapping[str, Value]:
        """What it says by key, the short form by what it stands for."""
        value = self.value
        return value if isinstance(value, dict) else {short_key(self.name): value}


def read_item(body: str) -> Item:
    """Read the text of one entry, from the line of its dash to its last.

    Raises:
        ScriptError: it is no entry of one name, or shares parts with others (YAML's & and *).
    """
    try:
        if shares(body):
            raise ScriptError("this entry shares a part with another (& or *)", _IN_FILE)
        root = compose(body)
    except yaml.YAMLError:
        raise ScriptError("this entry cannot be read by itself", _IN_FILE) from None
    if isinstance(root, yaml.SequenceNode) and len(root.value) == 1:
        [mapping] = root.value
        if isinstance(mapping, yaml.MappingNode) and len(mapping.value) == 1:
            [(key, node)] = mapping.value
            if isinstance(key, yaml.ScalarNode):
                return Item(body, key.value, key, node)
    raise ScriptError("this entry is not of the form 'NAME: ...'", _IN_FILE)


def renamed(body: str, name: str) -> str:
    """With another name: spoken by another character.

    Raises:
        ScriptError: it cannot be done by itself.
    """
    item = read_item(body)
    start, end = item.key.start_mark.index, item.key.end_mark.index
    ways = (body[:start] + way + body[end:] for way in (*plain(name), quoted(name)))
    return _first(ways, name, item.value)


def with_key(body: str, path: tuple[str, ...], value: Given | None) -> str:
    """With a value at a path of keys; None takes it away. An empty path is the value of a pause.

    Raises:
        ScriptError: it cannot be done by itself.
    """
    item = read_item(body)
    if path == (short_key(item.name),) and not isinstance(item.node, yaml.MappingNode):
        path = ()
    expected = _expected(item, path, value)
    if expected == item.value:
        return body
    if not path:
        assert isinstance(value, str | int | float)
        ways = _scalar(body, item.node, item.key, value)
    elif not isinstance(item.node, yaml.MappingNode):
        assert value is not None
        ways = _lengthened(item, _nested(path, value))
    else:
        ways = in_mapping(body, item.node, path, value)
    return _first(ways, item.name, expected)


def new_item(name: str, value: Given, indent: int, newline: str = "\n") -> str:
    """An entry written anew, its dash `indent` columns in.

    Raises:
        ScriptError: it cannot be written, which no value should bring about.
    """
    pad, key = " " * indent, next(plain(name), quoted(name))
    head = f"{pad}- {key}:"
    ways = []
    if isinstance(value, dict):
        ways.append(f"{head} {inline(value)}{newline}")
        if len(ways[0]) > WIDTH:
            lines = [f"{head}{newline}"]
            for name_of, one in value.items():
                lines += _line(" " * (indent + 4), name_of, one, newline)
            ways.insert(0, "".join(lines))
    elif isinstance(value, str):
        short = [f"{head} {way}{newline}" for way in (*plain(value), quoted(value))]
        if "\n" in value or len(short[0]) > WIDTH:
            ways += [f"{head} {way}{newline}" for way in new_block(value, indent + 4, newline)]
        ways += short
    else:
        ways.append(f"{head} {inline(value)}{newline}")
    return _first(ways, name, as_read(value))


def indent_of(body: str) -> int:
    """The columns before an entry's dash."""
    return len(body) - len(body.lstrip(" "))


def newline_of(body: str) -> str:
    """What ends a text's lines."""
    return "\r\n" if "\r\n" in body else "\n"


def _first(ways: Iterable[str], name: str, value: Value) -> str:
    """The first way of writing that says what it should."""
    for way in ways:
        try:
            item = read_item(way)
        except ScriptError:
            continue
        if item.name == name and _stripped(item.value) == _stripped(value):
            return way
    raise ScriptError("this change cannot be written by itself", _IN_FILE)


def _stripped(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_stripped(one) for one in value]
    return (value.strip() or None) if isinstance(value, str) else value


def _expected(item: Item, path: tuple[str, ...], value: Given | None) -> Value:
    told = None if value is None else as_read(value)
    if not path:
        return told
    whole: dict[str, Value] = dict(item.values)
    into = whole
    for step in path[:-1]:
        inner = into.get(step)
        into[step] = dict(inner) if isinstance(inner, dict) else {}
        into = into[step]  # type: ignore[assignment]
    if value is None:
        into.pop(path[-1], None)
    else:
        into[path[-1]] = told
    if set(whole) == {short_key(item.name)} and not isinstance(item.node, yaml.MappingNode):
        return whole[short_key(item.name)]
    return whole


def _nested(path: tuple[str, ...], value: Given) -> tuple[str, Given]:
    for step in reversed(path[1:]):
        value = {step: value}
    return path[0], value


def _scalar(body: str, node: yaml.Node, key: yaml.Node, value: str | int | float) -> Iterator[str]:
    """Another value in the place of one scalar, which may be empty."""
    newline = newline_of(body)
    column = _column(body, key.start_mark.index)
    if is_empty(node):
        at = key.end_mark.index + 1
        written = [*plain(value), quoted(value)] if isinstance(value, str) else [inline(value)]
        yield from (f"{body[:at]} {way}{body[at:]}" for way in written)
        return
    start, end = node.start_mark.index, end_of(body, node)
    if not isinstance(node, yaml.ScalarNode):
        yield body[:start] + inline(value) + body[end:]
        return
    old = body[start:end]
    style = node.style or None
    if not isinstance(value, str):
        yield body[:start] + inline(value) + body[end:]
        return
    for way in proposals(
        old,
        style,
        value,
        indent=column + 2,
        column=_column(body, start),
        newline=newline,
    ):
        yield body[:start] + way + body[end:]


def _column(body: str, index: int) -> int:
    return index - body.rfind("\n", 0, index) - 1


def in_mapping(
    body: str, mapping: yaml.MappingNode, path: tuple[str, ...], value: Given | None
) -> Iterator[str]:
    """Ways to give a path of keys of a mapping that stands in `body` a value, or to take it away.

    Whoever uses them reads them back.
    """
    step, *deeper = path
    found = next(((key, node) for key, node in mapping.value if key.value == step), None)
    if found is None:
        if value is not None:
            yield from _added(body, mapping, *_nested(path, value))
        return
    key, node = found
    last = value is None and len(node.value) == 1
    if deeper and isinstance(node, yaml.MappingNode) and not last:
        yield from in_mapping(body, node, tuple(deeper), value)
    elif value is None:
        yield from _removed(body, mapping, key, node)
    elif deeper:
        yield from _replaced(body, key, node, inline(_nested(path, value)[1]))
    elif isinstance(value, dict | list):
        yield from _replaced(body, key, node, inline(value))
    else:
        yield from _scalar(body, node, key, value)


def _replaced(body: str, key: yaml.Node, node: yaml.Node, written: str) -> Iterator[str]:
    start = key.end_mark.index + 1
    end = start if is_empty(node) else end_of(body, node)
    yield f"{body[:start]} {written}{body[end:]}"


def _added(body: str, mapping: yaml.MappingNode, key: str, value: Given) -> Iterator[str]:
    if mapping.flow_style:
        at = mapping.end_mark.index - 1
        before = body[:at].rstrip()
        comma = "" if before.endswith(("{", ",")) else ","
        space = "" if before.endswith("{") else " "
        after = body[len(before) : at].lstrip(" ") + body[at:]
        yield f"{before}{comma}{space}{inline(key)}: {inline(value)}{after}"
        return
    newline = newline_of(body)
    at = body.find("\n", end_of(body, mapping)) + 1
    kept = body if at else body + newline
    at = at or len(kept)
    pad = " " * mapping.value[0][0].start_mark.column
    yield kept[:at] + "".join(_line(pad, key, value, newline)) + kept[at:]


def _line(pad: str, key: str, value: Given, newline: str) -> list[str]:
    """A key with its value as lines of a block mapping."""
    head = f"{pad}{inline(key)}:"
    written = inline(value)
    if isinstance(value, str):
        fit = next((way for way in plain(value) if _fits(key, way, value)), None)
        written = fit or written
        if "\n" in value or len(head) + 1 + len(written) > WIDTH:
            written = next(new_block(value, len(pad) + 2, newline))
    return [f"{head} {written}{newline}"]


def _fits(key: str, way: str, value: str) -> bool:
    try:
        node = compose(f"{inline(key)}: {way}")
    except yaml.YAMLError:
        return False
    return node is not None and value_of(node) == {key: value}


def _removed(
    body: str, mapping: yaml.MappingNode, key: yaml.Node, node: yaml.Node
) -> Iterator[str]:
    start = key.start_mark.index
    end = key.end_mark.index + 1 if is_empty(node) else end_of(body, node)
    if not mapping.flow_style:
        line = body.rfind("\n", 0, start) + 1
        after = body.find("\n", end)
        if body[line:start].strip():  # the first key, on the line of a dash
            following = re.compile(r"\s*").match(body, after + 1 if after >= 0 else end)
            yield body[:start] + body[following.end() if following else end :]
        yield body[:line] + (body[after + 1 :] if after >= 0 else "")
        return
    trailing = re.compile(r"\s*,[ \t]*").match(body, end)
    leading = re.search(r",\s*$", body[:start])
    if leading and not (trailing and body[start - 1] == "\n"):
        yield body[: leading.start()] + body[end:]
    if trailing:
        yield body[:start] + body[trailing.end() :]
    yield body[:start] + body[end:]


def _lengthened(item: Item, added: tuple[str, Given]) -> Iterator[str]:
    """The short form written out, with one key more."""
    body, node, newline = item.body, item.node, newline_of(item.body)
    short = short_key(item.name)
    start, end = node.start_mark.index, end_of(body, node)
    if is_empty(node):
        start = end = item.key.end_mark.index + 1
    old = body[start:end]
    key, value = added
    if "\n" not in old:
        way = f"{body[:start]}{{{short}: {old}, {key}: {inline(value)}}}{body[end:]}"
        if len(way.splitlines()[0]) <= WIDTH:
            yield way
    colon = item.key.end_mark.index + 1
    pad = " " * (_column(body, item.key.start_mark.index) + 2)
    rest = body[end:]
    comment, line, after = rest.partition("\n")
    moved = newline.join([_moved(one, 2 if n else 0) for n, one in enumerate(old.split(newline))])
    lines = f"{pad}{short}: {moved}{comment}{line or newline}" + "".join(
        _line(pad, key, value, newline)
    )
    yield f"{body[:colon]}{newline}{lines}{after}"
    if isinstance(item.value, str):
        yield f"{body[:colon]} {inline({short: item.value, key: value})}{body[end:]}"


def _moved(line: str, by: int) -> str:
    return " " * by + line if line.strip() else line
