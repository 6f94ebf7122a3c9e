"""Values of a script's YAML: as they are read, and written on one line."""

from __future__ import annotations

import re

import yaml

from podgen.show.source import Value, compose
from podgen.show.writing.scalars import plain, quoted, single

Given = str | bool | int | float | list["Given"] | dict[str, "Given"]
"""What a key may be given: a number or true and false may also come as text."""

_UNSAFE_IN_FLOW = re.compile(r"[,\[\]{}]|:(?:\s|$)|\s#|:$")
_SPECIAL = re.compile(r"(?i)~|null|true|false|yes|no|on|off")


def as_read(value: Given) -> Value:
    """The value as the script's reader gives it: every scalar as text."""
    if isinstance(value, dict):
        return {key: as_read(one) for key, one in value.items()}
    if isinstance(value, list):
        return [as_read(one) for one in value]
    return value.strip() if isinstance(value, str) else scalar(value)


def scalar(value: bool | int | float) -> str:
    """A number, or true or false, as YAML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(round(value, 6), ".12g")


def inline(value: Given) -> str:
    """A value on one line, fit for the inside of a flow mapping."""
    if isinstance(value, dict):
        inner = ", ".join(f"{inline(key)}: {inline(one)}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    if not isinstance(value, str):
        return scalar(value)
    fits = not (_UNSAFE_IN_FLOW.search(value) or _SPECIAL.fullmatch(value))
    if fits and next(plain(value), None) is not None and _means(value):
        return value
    if "\n" not in value and "'" not in value and '"' in value:
        return single(value)
    return quoted(value)


def _means(value: str) -> bool:
    try:
        node = compose(f"{{a: {value}}}")
    except yaml.YAMLError:
        return False
    return node is not None and value_of(node) == {"a": value}


def value_of(node: yaml.Node) -> Value:
    """What a node says."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: value_of(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [value_of(child) for child in node.value]
    text: str = node.value
    style = node.style if isinstance(node, yaml.ScalarNode) else None
    return None if style in (None, "") and text in ("", "~", "null") else text


def end_of(text: str, node: yaml.Node) -> int:
    """The index after a node's last character; its start where it is empty.

    YAML's own mark of a block's end lies behind the blank lines and comments that follow it.
    """
    start: int = node.start_mark.index
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode):
        return start + len(text[start:end].rstrip()) if node.style in ("|", ">") else end
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return end
    if isinstance(node, yaml.SequenceNode):
        return max(end_of(text, child) for child in node.value)
    ends = [end_of(text, value) for _, value in node.value if not is_empty(value)]
    return max(ends + [int(key.end_mark.index) + 1 for key, _ in node.value])


def is_empty(node: yaml.Node) -> bool:
    """Whether nothing is written where the node stands."""
    return bool(node.start_mark.index == node.end_mark.index)
