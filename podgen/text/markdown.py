"""Markdown as a person would read it aloud: the marks gone, the words left."""

from __future__ import annotations

import html
import re
import unicodedata

# A line of these alone has no marks; a dash at its head may begin a list.
_PLAIN = re.compile(r"(?!-)[\w .,;:!?'\"()–—…-]*")
_PARAGRAPHS = re.compile(r"[^\S\n]*\n[^\S\n]*\n\s*")

_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPED = 0xF0000  # a plane of private use holds escaped marks while the others are removed
_RESTORE = {_ESCAPED + code: chr(code) for code in range(128)}

_ATTRIBUTES = r"""(?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^\s"'=<>`]+))*"""
_BLOCK_TAGS = r"(?:p|div|br|hr|li|ul|ol|h[1-6]|blockquote|table|tr|td|th|section|article)"
_INLINE_TAGS = (
    r"(?:a|abbr|b|big|cite|code|del|em|font|i|img|ins|kbd|mark|pre|q|s|small|span|strong|strike|"
    r"sub|sup|tt|u|wbr)"
)

# (what a text must hold for the rule to matter, the rule, what it leaves)
_Rule = tuple[str, re.Pattern[str], str]
_LINES: tuple[_Rule, ...] = (
    ("```", re.compile(r"(?m)^[ \t]*```+[^\n`]*$"), ""),
    ("~~~", re.compile(r"(?m)^[ \t]*~~~+[^\n`]*$"), ""),
    (
        "]:",  # the definition of a link
        re.compile(r"(?m)^[ \t]*\[[^\]^\n][^\]\n]*\]:[ \t]*\S*[/:#]\S*(?:[ \t]+[\"'(].*)?$"),
        "\n",
    ),
    ("[^", re.compile(r"(?m)^[ \t]*\[\^[^\]\n]+\]:[ \t]*"), ""),
    (">", re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+"), ""),
    ("*", re.compile(r"(?m)^[ \t]*(?:\*[ \t]*){3,}$"), "\n"),
    ("-", re.compile(r"(?m)^[ \t]*(?:-[ \t]*){3,}$"), "\n"),
    ("_", re.compile(r"(?m)^[ \t]*(?:_[ \t]*){3,}$"), "\n"),
    ("=", re.compile(r"(?m)^=+[ \t]*$"), "\n"),
)
_BLOCK = re.compile(
    r"(?m)^[ \t]*(?:#{1,6}[ \t]+(?P<heading>.*?)(?:[ \t]+#+)?"
    r"|(?:[-*•]|\+(?=[ \t]+\D)|(?P<number>\d{1,3}(?=[.)])).)[ \t]+"
    r"(?:\[[ xX]\][ \t]+)?(?P<item>\S.*?))[ \t]*$"
)
_TARGET = r"\([^()]*(?:\([^()]*\)[^()]*)*\)"
# Only where the text defines it: "[sighs][laughs]" is no link.
_REFERENCE = re.compile(r"!?\[([^\[\]]+)\]\[[^\[\]]*\]")
# Tags of other names, and those that nothing closes, are no markup: "press <Enter>", "a<b".
_ELEMENT = re.compile(
    rf"(?i)<({_INLINE_TAGS}){_ATTRIBUTES}\s*>((?:[^<]|<(?!/\1\s*>))*)</\1\s*>", re.DOTALL
)
_INLINE: tuple[_Rule, ...] = (
    ("<!--", re.compile(r"<!--.*?-->", re.DOTALL), " "),
    ("<", re.compile(rf"(?i)</?{_BLOCK_TAGS}{_ATTRIBUTES}\s*/?>"), " "),
    ("<", re.compile(rf"(?i)<(?:img|wbr){_ATTRIBUTES}\s*/?>"), ""),
    ("<", re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>"), r"\1"),
    ("[^", re.compile(r"\[\^[^\]\s]+\]"), ""),
    ("![", re.compile(rf"!\[([^\[\]]*)\]{_TARGET}"), r"\1"),
    ("[", re.compile(rf"\[([^\[\]]+)\]{_TARGET}"), r"\1"),
    ("`", re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL), r"\2"),
    # A run of marks that touches a word on one side only: "5 * 3" and "2*3" stay.
    ("*", re.compile(r"(?<![\w*])\*+(?=[^\s*])|(?<=[^\s*])\*+(?![\w*])"), ""),
    ("*", re.compile(r"(?<=[^\W\d_])(\*{1,3})([^\W\d_][^*\s]*[^\W_])\1(?=\w)"), r"\2"),
    ("*", re.compile(r"(?<=[^\W\d_])\*\*+(?=[^\W\d_])"), ""),
    ("_", re.compile(r"(?<!\w)_+(?=[^\s_])|(?<=[^\s_])_+(?!\w)"), ""),
    ("~~", re.compile(r"(?<!~)~~(?=[^\s~])|(?<=[^\s~])~~(?!~)"), ""),
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")

# Invisible characters; the joiners only where they do not shape letters (Arabic, Indic, ...).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb]|(?<![\u0600-\U0010ffff])[\u200c\u200d]"
)
_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "\u2011": "-"})


def plain(text: str) -> str:
    """The words of a Markdown text, one space between them, a blank line between paragraphs.

    A heading or list item that ends without punctuation gets a full stop, so that it is not read
    into what follows. Curly apostrophes become straight ones and invisible characters go; other
    typography is left to the engines. Square brackets that are no link stay.
    """
    text = unicodedata.normalize("NFC", text.strip())
    if "_" not in text and _PLAIN.fullmatch(text):
        return " ".join(text.split())
    text = _INVISIBLE.sub("", text).translate(_TYPOGRAPHY)
    text = "\n".join(text.splitlines())
    escaped = "\\" in text
    if escaped:
        text = _ESCAPE.sub(lambda match: chr(_ESCAPED + ord(match[1])), text.replace("\\\n", "\n"))
    if "]:" in text:
        text = _REFERENCE.sub(r"\1", text)
    for mark, rule, left in _LINES:
        if mark in text:
            text = rule.sub(left, text)
    text = _BLOCK.sub(_closed, text)
    while "</" in text and (inner := _ELEMENT.sub(r"\2", text)) != text:
        text = inner
    for mark, rule, left in _INLINE:
        if mark in text:
            text = rule.sub(left, text)
    if "&" in text:
        text = _ENTITY.sub(lambda match: _INVISIBLE.sub("", html.unescape(match[0])), text)
    if escaped:
        text = text.translate(_RESTORE)
    if "\n" not in text:
        return " ".join(text.split())
    return "\n\n".join(
        words for part in _PARAGRAPHS.split(text) if (words := " ".join(part.split()))
    )


def _closed(match: re.Match[str]) -> str:
    """A heading as a paragraph, a list item as a sentence, after its number if it has one."""
    heading, item, number = match["heading"], match["item"], match["number"]
    words: str = (heading if heading is not None else item).rstrip()
    bare = words.rstrip("*_`~)\"'”")
    if bare and bare[-1].isalnum():
        words += "."
    if heading is not None:
        return f"\n{words}\n"
    return f"{number}. {words}" if number else words
