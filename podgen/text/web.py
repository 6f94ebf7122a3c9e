"""Web addresses, mail addresses, handles and file names, spelled out as they are said."""

from __future__ import annotations

import re

from podgen.text import cldr
from podgen.text.rules import Rule, rule

_TLD = (
    "com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|eu|info|biz|us|ca|au|tv|me|ly|ai|app|dev|fm|news|"
    "podcast|show|world|jp|in|br|ch|at|be|se|no|pl|ru|cn|xyz|ac|int|mil"
)
_HOST = rf"(?:[^\W_](?:[\w-]{{0,61}}[^\W_])?\.){{1,8}}(?:{_TLD})"
_SPELLED_FILES = (
    "js|ts|py|rs|rb|md|csv|html|css|pdf|gz|mp3|mp4|png|svg|exe|dll|sh|cfg|sql|xlsx|xls|pptx|ppt|"
    "yml|xml"
)
_FILES = (
    rf"{_SPELLED_FILES}|go|txt|json|yaml|toml|zip|tar|wav|flac|jpeg|jpg|gif|so|bat|ini|log|docx|doc"
)
_SPELLED = re.compile(
    rf"{_SPELLED_FILES}|fr|es|nl|eu|us|tv|uk|de|ca|au|fm|jp|br|ru|cn|ac|ai|io|www", re.IGNORECASE
)
_NAMES = {
    "/": "slash", "-": "dash", "_": "underscore", "=": "equals", "&": "and", "#": "number",
    "+": "plus", "%": "percent", ".": "dot", "@": "at",
}  # fmt: skip


def web_rules(language: str) -> list[Rule]:
    """What is said of addresses, file names, and of # and @ before a word."""

    def spell(address: str) -> str:
        out: list[str] = []
        ending = False
        for piece in re.findall(r"[^\W_]+|[\W_]", address):
            if piece.isalnum():
                out.append(_letters(piece) if ending or piece.lower() == "www" else piece)
            elif piece in _NAMES:
                out.append(cldr.sign(_NAMES[piece], language))
            ending = piece == "."
        return " ".join(out)

    def with_stop(address: str) -> str:
        body = address.rstrip(".,;:!?)'\"”")
        return spell(body.rstrip("/")) + address[len(body) :]

    def url(match: re.Match[str]) -> str:
        host = match[1]
        if match[0][:4].lower() in ("http", "ftp:"):
            host = re.sub(r"(?i)^www\.", "", host)
        return with_stop(host + match[2])

    dot, at = cldr.sign("dot", language), cldr.sign("at", language)
    return [
        rule(rf"(?i)(?<![\w.+-])([\w.+-]+)@({_HOST})(?![\w-])", lambda m: spell(m[0])),
        rule(rf"(?i)(?<![\w@])(?:(?:https?|ftp)://)?({_HOST})((?:/[^\s\"”)]*)?)(?![\w@.]*\w)", url),
        rule(r"(?i)\b(?:https?|ftp)://(\S+)", lambda m: with_stop(m[1])),
        rule(
            rf"(?<![\w/])([\w-]+)\.({_FILES})\b(?!\.\w)",
            lambda m: f"{spell(m[1])} {dot} {_letters(m[2])}",
        ),
        rule(
            r"(?<![\w/<])((?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]+)+/?)(?![\w/])",
            lambda m: with_stop(m[1]),
        ),
        rule(r"(?<![\w&])#(?=[^\W\d_])", f"{cldr.sign('hashtag', language)} "),
        rule(r"(?<!\w)@(?=\w)", f"{at} "),
    ]


def _letters(ending: str) -> str:
    return " ".join(ending.upper()) if _SPELLED.fullmatch(ending) else ending
