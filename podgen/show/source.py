"""YAML read for what it says: every scalar as text, every value with its line and column.

YAML 1.1 would turn a character called NO into False and the text `12:30` into 750. Here nothing
is typed by its looks: a scalar is text (only a plain empty one, `~` or `null` is None) and the
schema decides what a field holds. Free-form engine settings, which no schema types, are read by
`Source.typed` with the few plain forms of the YAML 1.2 core schema.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from podgen.errors import Place, Problem, ScriptError, is_text

Value = str | None | list["Value"] | dict[str, "Value"]
Step = str | int

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)  # what YAML 1.1 allows, section 5.1
_ESCAPED_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BRACKET = re.compile(r"[\[\]{}]")
_CONFLICT = re.compile(r"(?m)^(<{7}|>{7}) ")
_DEEPEST = 100
_MOST_ALIASED = 50_000
_NEAR_COMMENT = re.compile(r"[ \t]+(#[^\s#!-]\S*)")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CORE_WORDS: dict[str, object] = {"true": True, "True": True, "false": False, "False": False}


_UNTAGGED = "untagged"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Leaves values untyped, whatever they look like."""

    def resolve(self, *_: object) -> str:
        return _UNTAGGED


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML file's value and the places of its parts."""

    path: Path
    value: Value
    root: yaml.Node | None

    def place(self, path: tuple[Step, ...] = (), *, key: bool = False) -> Place:
        """The place of the value at `path`, or of its nearest parent that is in the file.

        With `key`, the place of the key that the last step names.
        """
        node, node_key, _ = self._find(path)
        found = node_key if key and node_key is not None else node
        return Place(str(self.path)) if found is None else _place(self.path, found)

    def reached(self, path: tuple[Step, ...]) -> tuple[Step, ...]:
        """The longest part of `path` that is in the file."""
        return path[: self._find(path)[2]]

    def typed(self, path: tuple[Step, ...]) -> object:
        """The value at `path` with plain numbers and true/false as such, quoted ones as text."""
        node, _, _ = self._find(path)
        return None if node is None else _typed(node)

    def _find(self, path: tuple[Step, ...]) -> tuple[yaml.Node | None, yaml.Node | None, int]:
        node, node_key = self.root, None
        for depth, step in enumerate(path):
            if isinstance(node, yaml.MappingNode):
                for node_key, child in node.value:
                    if node_key.value == step:
                        node = child
                        break
                else:
                    return node, None, depth
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                if step >= len(node.value):
                    return node, node_key, depth
                node_key, node = None, node.value[step]
            else:
                return node, node_key, depth
        return node, node_key, len(path)


def compose(text: str) -> yaml.Node | None:
    """The nodes of a YAML text with untyped scalars; None if there are none.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node


def shares(text: str) -> bool:
    """Whether a YAML text holds an anchor or an alias.

    Raises:
        yaml.YAMLError: it is not YAML.
    """
    events = list(yaml.parse(text, Loader=_Loader))
    return any(getattr(event, "anchor", None) is not None for event in events)


def read_source(path: Path, what: str, text: str | None = None) -> Source:
    """Read a YAML file; `what` names it in messages ("script", "voices file").

    `text` is what is in the file, or will be, where that is known.

    Raises:
        ScriptError: if it cannot be read, is not UTF-8 or not YAML, or repeats a key.
    """
    text = read_text(path, what) if text is None else _allowed(path, text)
    conflict = _CONFLICT.search(text)
    if conflict:
        place = _place_of_end(path, text[: conflict.start()])
        raise ScriptError(Problem("an unresolved merge conflict", "keep one side of it", place))
    _check_depth(path, text)
    try:
        root = compose(text)
    except yaml.MarkedYAMLError as error:
        raise ScriptError(_syntax_problem(path, text, error)) from None
    except yaml.YAMLError as error:
        raise ScriptError(Problem(f"not YAML: {error}", place=Place(str(path)))) from None
    if root is None:
        raise ScriptError(Problem(f"the {what} is empty", place=Place(str(path))))
    builder = _Builder(path, text)
    value = builder.build(root, 0)
    if builder.problems:
        raise ScriptError(builder.problems)
    return Source(path, value, root)


def read_text(path: Path, what: str) -> str:
    """A YAML file's text; raises as `read_source` does."""
    place = Place(str(path))
    if not is_text(str(path)):
        raise ScriptError(Problem(f"the {what}'s name is not UTF-8", "rename it", place))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ScriptError(Problem(f"no such {what}", "check the path", place)) from None
    except IsADirectoryError:
        raise ScriptError(Problem("a folder, not a file", f"give the {what}", place)) from None
    except OSError as error:
        remedy = "check the path and its permissions"
        raise ScriptError(Problem(f"cannot be read: {error.strerror}", remedy, place)) from None
    except ValueError:
        raise ScriptError(Problem(f"no such {what}", "check the path", place)) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        raise ScriptError(
            Problem("not UTF-8 text", "save the file as UTF-8", _place_of_end(path, before))
        ) from None
    return _allowed(path, text)


def _allowed(path: Path, text: str) -> str:
    bad = _FORBIDDEN.search(text)
    if bad:
        code = f"U+{ord(bad[0]):04X}"
        where = _place_of_end(path, text[: bad.start()])
        raise ScriptError(Problem(f"control character {code}", "delete it", where))
    return text


def _place(path: Path, node: yaml.Node | yaml.Event) -> Place:
    mark = node.start_mark
    return Place(str(path), mark.line + 1, mark.column + 1) if mark else Place(str(path))


def _cut_lines(text: str) -> dict[int, str]:
    """The lines in which a word begins with # as a text may, a comment seldom."""
    if not _NEAR_COMMENT.search(text):
        return {}
    lines = re.split("\r\n|[\r\n\x85\u2028\u2029]", text)
    return {number: line for number, line in enumerate(lines) if _NEAR_COMMENT.search(line)}


def _place_of_end(path: Path, before: str) -> Place:
    lines = re.split("\r\n|\r|\n", before)
    return Place(str(path), len(lines), len(lines[-1]) + 1)


def _check_depth(path: Path, text: str) -> None:
    """Refuse nesting so deep that libyaml's recursive composer would overflow the C stack."""
    depth = deepest = 0
    for match in _BRACKET.finditer(text):
        depth = depth + 1 if match[0] in "[{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    indent = max((m.end() - m.start() for m in re.finditer(r"(?m)^[ ?:-]+", text)), default=0)
    if deepest <= _DEEPEST and indent <= _DEEPEST:
        return
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):  # libyaml looks too far ahead
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _DEEPEST:
                place = _place(path, event)
                raise ScriptError(
                    Problem(f"nested more than {_DEEPEST} levels deep", "flatten it", place)
                )
    except yaml.YAMLError:
        return  # composing reports it with its place


class _Builder:
    """Turns nodes into plain values, collecting what YAML allows but a script may not hold."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.cut = _cut_lines(text)
        self.problems: list[Problem] = []
        self.seen: set[int] = set()
        self.aliased = 0

    def build(self, node: yaml.Node, depth: int) -> Value:
        if node.tag != _UNTAGGED:
            self._check_tag(node)
        if isinstance(node, yaml.ScalarNode):
            text: str = node.value
            if node.style in (None, ""):
                if node.end_mark.line in self.cut:
                    self._check_comment(node)
                return None if text in ("", "~", "null") else text
            if node.style == '"' and _ESCAPED_CONTROL.search(text):
                self._problem("an escape makes a control character", "remove the escape", node)
            return text
        self._count(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, depth + 1) for child in node.value]
        mapping: dict[str, Value] = {}
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem("a key must be text", "put it in quotes", key_node)
                continue
            key: str = key_node.value
            if key == "<<" and key_node.style in (None, ""):
                self._problem("merge keys (<<) are not read", "write the keys out", key_node)
            if key in mapping:
                self._problem(f"key '{key}' is given twice", "keep one of the two", key_node)
            mapping[key] = self.build(child, depth + 1)
        return mapping

    def _check_tag(self, node: yaml.Node) -> None:
        tag: str = node.tag
        if not tag.startswith("tag:yaml.org,2002:") or "python/" in tag:
            name = tag.replace("tag:yaml.org,2002:", "!!")
            remedy = "put text that begins with ! in quotes"
            self._problem(f"unknown YAML tag '{name}'", remedy, node)

    def _check_comment(self, node: yaml.Node) -> None:
        after = self.cut[node.end_mark.line][node.end_mark.column :]
        lost = _NEAR_COMMENT.match(after)
        if lost:
            what = f"the text ends before '{lost[1]}', which YAML takes for a comment"
            self._problem(what, "put the text in quotes, or a space after #", node)

    def _count(self, node: yaml.Node, depth: int) -> None:
        if depth > _DEEPEST:
            place = _place(self.path, node)
            raise ScriptError(Problem("an alias contains itself", "write the value out", place))
        if id(node) in self.seen:
            self.aliased += 1 + len(node.value)
            if self.aliased > _MOST_ALIASED:
                what = f"aliases expand to more than {_MOST_ALIASED} values"
                raise ScriptError(Problem(what, "write the values out", _place(self.path, node)))
        self.seen.add(id(node))

    def _problem(self, what: str, remedy: str, node: yaml.Node) -> None:
        self.problems.append(Problem(what, remedy, _place(self.path, node)))


def _typed(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return {key.value: _typed(child) for key, child in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_typed(child) for child in node.value]
    text: str = node.value
    if not isinstance(node, yaml.ScalarNode) or node.style not in (None, ""):
        return text
    if text in ("", "~", "null"):
        return None
    if text in _CORE_WORDS:
        return _CORE_WORDS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 19:
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


_QUOTE = "put the text in quotes"
_SYNTAX = (
    # (a part of libyaml's problem, what to say, what to do)
    ("mapping values are not allowed", "a second ': ' in one value, or a wrong indent", _QUOTE),
    ("alphabetic or numeric", "text begins with {}, which YAML keeps for itself", _QUOTE),
    ("undefined alias", "text begins with *, which YAML keeps for itself", _QUOTE),
    ("cannot start any token", "text begins with {}, which YAML keeps for itself", _QUOTE),
    ("block sequence entries", "'- ' inside a value", _QUOTE),
    ("'-' indicator", "a line in a list that is no item", "begin it with '- ', or indent it"),
    ("scanning a tag", "text begins with !, which YAML keeps for itself", _QUOTE),
    ("scanning a directive", "text begins with %, which YAML keeps for itself", _QUOTE),
    ("comment or line break", "text on the line of | or >", "begin it on the next line"),
    ("expected a single document", "a second document begins here", "remove the '---' line"),
    ("expected ':'", "a line without 'key: value'", "add the key, or indent the line"),
    ("unexpected end of stream", "a quote is opened and never closed", "close it"),
    ("escape c", "unknown escape in double quotes", "double the backslash, or use single quotes"),
    ("duplicate anchor", "the same anchor twice", "rename one of the two"),
    ("expected ',' or", "a bracket is opened and never closed", "close it, or " + _QUOTE),
    ("node content", "a bracket is opened and never closed", "close it, or " + _QUOTE),
)


def _syntax_problem(path: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    told = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if "alphabetic or numeric" in told:
        mark = error.context_mark or mark
    if mark is None:
        return Problem("not YAML", "check the file's indentation and quotes", Place(str(path)))
    place = Place(str(path), mark.line + 1, mark.column + 1)
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    start = line[mark.column : mark.column + 1]
    if "expected key" in told or "expected <block end>" in told:
        before = line[: mark.column].rstrip()
        if before.endswith(('"', "'", "]", "}")):
            what = f"text goes on after the closing {before[-1]}"
            return Problem(what, "put the whole text in quotes", place)
        return Problem("a wrong indent", "align it with the keys above", place)
    if start == "\t":
        return Problem("a tab in the indent", "indent with spaces", place)
    for part, what, remedy in _SYNTAX:
        if part in told:
            return Problem(what.format(start), remedy, place)
    return Problem("not YAML", "check the indent, brackets and quotes here", place)
