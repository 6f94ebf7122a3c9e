"""Web addresses, mail addresses, handles and file names, spelled out as they are said."""

from __future__ import annotations

import re

_TLD = (
    "com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|eu|info|biz|us|ca|au|tv|me|ly|ai|app|dev|fm|news|"
    "podcast|show|world|jp|in|br|ch|at|be|se|no|pl|ru|cn|xyz|ac|int|mil"
)
_HOST = rf"(?:[A-Za-z0-9](?:[\w-]*[A-Za-z0-9])?\.)+(?:{_TLD})"
_URL = re.compile(
    rf"\b(?:(?:https?|ftp)://)?({_HOST})((?:/[^\s\"”)]*)?)(?![\w@.]*\w)", re.IGNORECASE
)
_BARE_URL = re.compile(r"\b(?:https?|ftp)://(\S+)", re.IGNORECASE)
_MAIL = re.compile(rf"\b([\w.+-]+)@({_HOST})\b", re.IGNORECASE)
_SPELLED_FILES = (
    "js|ts|py|rs|rb|md|csv|html|css|pdf|gz|mp3|mp4|png|svg|exe|dll|sh|cfg|sql|xlsx|xls|pptx|ppt|"
    "yml|xml"
)
_FILES = (
    rf"{_SPELLED_FILES}|go|txt|json|yaml|toml|zip|tar|wav|flac|jpeg|jpg|gif|so|bat|ini|log|docx|doc"
)
_FILE = re.compile(rf"\b([\w-]+)\.({_FILES})\b(?!\.\w)")
_SPELLED = re.compile(
    rf"{_SPELLED_FILES}|fr|es|nl|eu|us|tv|uk|de|ca|au|fm|jp|br|ru|cn|ac|ai|io", re.IGNORECASE
)
_READINGS = {
    "/": "slash", "-": "dash", "_": "underscore", "?": "question mark", "=": "equals", "&": "and",
    "#": "hash", "+": "plus", "%": "percent", "~": "tilde", ".": "dot", ":": "colon", "@": "at",
}  # fmt: skip


def mend_web(text: str) -> str:
    """`text` with addresses and file names in words, and # and @ tags as they are said."""
    text = _MAIL.sub(lambda m: f"{_spell(m[1])} at {_spell(m[2])}", text)
    text = _URL.sub(_url, text)
    text = _BARE_URL.sub(lambda m: _spell_with_stop(m[1]), text)
    text = _FILE.sub(lambda m: f"{_spell(m[1])} dot {_ending(m[2])}", text)
    text = re.sub(r"(?<!\w)\.NET\b", "dot net", text)
    text = re.sub(r"(?<![\w&])#(?=[^\W\d_])", "hashtag ", text)
    return re.sub(r"(?<!\w)@(?=\w)", "at ", text)


def _url(match: re.Match[str]) -> str:
    return _spell_with_stop(match[1] + match[2])


def _spell_with_stop(address: str) -> str:
    body = address.rstrip(".,;:!?)'\"”")
    return _spell(body.rstrip("/")) + address[len(body) :]


def _spell(address: str) -> str:
    out: list[str] = []
    for piece in re.findall(r"[^\W_]+|[\W_]", address):
        if piece.isalnum():
            out.append(_ending(piece) if out and out[-1] == "dot" else _letters(piece))
        else:
            out.append(_READINGS.get(piece, " "))
    return " ".join(out)


def _letters(piece: str) -> str:
    return "double-u double-u double-u" if piece.lower() == "www" else piece


def _ending(suffix: str) -> str:
    return " ".join(suffix.upper()) if _SPELLED.fullmatch(suffix) else suffix
