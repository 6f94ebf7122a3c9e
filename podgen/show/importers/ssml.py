"""SSML (W3C, 1.1): voices are speakers, breaks are pauses; prosody, phonemes and substitutes become
keys of the turn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from podgen.errors import MachineError
from podgen.show.importers.dialogue import found_inside
from podgen.show.importers.draft import Draft, Effect, Line, Remark, Still, refused

NOBODY = "NARRATOR"
_RATES = {"x-slow": 0.6, "slow": 0.8, "medium": 1.0, "default": 1.0, "fast": 1.2, "x-fast": 1.4}
_VOLUMES = {"silent": -60.0, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0,
            "loud": 3.0, "x-loud": 6.0}  # fmt: skip
_BREAKS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}
_TIME = re.compile(r"\+?(\d*\.?\d+)\s*(ms|s)$")
_SPACE = re.compile(r"\s+")
_AS_WRITTEN = {"date", "time", "telephone", "cardinal", "number", "ordinal", "fraction", "unit",
               "address", "currency", "duration", "vxml:date"}  # fmt: skip
_PHRASES = {"p", "s", "w", "token", "emphasis", "speak", "voice", "prosody", "lang"}


def read(data: bytes, source: Path, narrator: str | None) -> Draft:
    """SSML as a draft. A document type, with which entities come, is refused.

    Raises:
        MachineError: lxml is not installed.
        ScriptError: it is not well formed, or has a document type.
    """
    try:
        from lxml import etree
    except ImportError:
        raise MachineError("reading SSML needs lxml", "pip install 'podgen[import]'") from None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise refused(source, error.lineno, f"not well-formed XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        what = "a document type, which SSML needs none of and entities hide in"
        raise refused(source, 1, what, "remove <!DOCTYPE ...>")
    reader = _Reader(source, narrator or NOBODY)
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang")
    if language:
        reader.draft.head["language"] = language
    reader.inside(root, reader.speaker, {})
    reader.close()
    return reader.draft


class _Reader:
    def __init__(self, source: Path, narrator: str) -> None:
        self.draft = Draft("SSML")
        self.source, self.speaker = source, narrator
        self.now: Line | None = None

    def close(self) -> None:
        """The turn is over; one in which nothing is said never was."""
        if self.now is not None:
            self.now.text = re.sub(r" *\n\n\s*", "\n\n", self.now.text).strip()
            self.now.text = re.sub(r" +", " ", self.now.text)
            if self.now.text:
                self.draft.entries.append(self.now)
        self.now = None

    def say(self, text: str | None, who: str, options: dict[str, object], line: int) -> None:
        if not text or (self.now is None and not text.strip()):
            return
        if self.now is None:
            self.now = Line(who, "", line, [], dict(options))
        self.now.text += _SPACE.sub(" ", text)

    def inside(self, element: Any, who: str, options: dict[str, object]) -> None:
        """What is in an element, its own text first."""
        self.say(element.text, who, options, element.sourceline)
        for child in element:
            if isinstance(child.tag, str):
                self.element(child, who, options)
            elif type(child).__name__ == "_Entity":
                self.draft.leave(child.sourceline, f"the entity '{child.text}' is left out")
            self.say(child.tail, who, options, child.sourceline)

    def element(self, child: Any, who: str, options: dict[str, object]) -> None:
        tag = child.tag.rpartition("}")[2]
        line = child.sourceline
        if tag == "voice":
            name = child.get("name") or child.get("gender") or self.speaker
            self.close()
            self.inside(child, " ".join(name.split()) or self.speaker, options)
            self.close()
        elif tag == "prosody":
            changed = {**options, **self.prosody(child)}
            if changed == options:
                self.inside(child, who, options)
                return
            self.close()
            self.inside(child, who, changed)
            self.close()
        elif tag == "break":
            self.pause(child)
        elif tag == "sub":
            self.respelt(child, child.get("alias") or "", who, options)
        elif tag == "phoneme":
            ipa = child.get("alphabet", "ipa") == "ipa"
            if not ipa:
                self.draft.leave(line, f"the alphabet '{child.get('alphabet')}' is not IPA")
            self.respelt(child, f"/{child.get('ph', '')}/" if ipa else "", who, options)
        elif tag == "say-as":
            self.say_as(child, who, options)
        elif tag == "audio":
            self.audio(child, who, options)
        elif tag == "mark":
            self.draft.leave(line, f"the mark '{child.get('name', '')}' is left out")
        elif tag in ("metadata", "meta", "lexicon", "desc"):
            self.draft.leave(line, f"<{tag}> is left out")
        else:
            if tag == "p" and self.now is not None and self.now.text.strip():
                self.now.text += "\n\n"
            if tag == "lang":
                self.draft.leave(line, "<lang>: the text keeps the language of its speaker")
            elif tag == "emphasis" and child.text:
                self.draft.leave(line, "<emphasis> is kept as *marks*, which engines do not hear")
                child.text = f"*{child.text.strip()}*"
            elif tag not in _PHRASES:
                self.draft.leave(line, f"<{tag}> is unknown; its words are kept")
            self.inside(child, who, options)
            if tag == "p" and self.now is not None:
                self.now.text += "\n\n"

    def prosody(self, element: Any) -> dict[str, object]:
        """Rate and volume as speed and gain; the rest is said to be left out."""
        found: dict[str, object] = {}
        rate, volume = element.get("rate"), element.get("volume")
        if rate is not None:
            speed = _RATES.get(rate) or _percent(rate)
            if speed is None or not 0.25 <= speed <= 4:
                self.draft.leave(element.sourceline, f"the rate '{rate}' is left out")
            else:
                found["speed"] = round(speed, 3)
        if volume is not None:
            gain = _VOLUMES.get(volume)
            if gain is None and (match := re.fullmatch(r"([+-]\d+(?:\.\d+)?)dB", volume)):
                gain = float(match[1])
            if gain is None or not -60 <= gain <= 24:
                self.draft.leave(element.sourceline, f"the volume '{volume}' is left out")
            else:
                found["gain"] = gain
        for key in ("pitch", "contour", "range", "duration"):
            if element.get(key) is not None:
                self.draft.leave(element.sourceline, f"{key}='{element.get(key)}' is left out")
        return found

    def pause(self, element: Any) -> None:
        time, strength = element.get("time"), element.get("strength", "medium")
        match = _TIME.match(time) if time else None
        if time and match is None:
            self.draft.leave(element.sourceline, f"the break '{time}' is left out")
            return
        seconds = _BREAKS.get(strength, 0.4)
        if match:
            seconds = float(match[1]) / (1000 if match[2] == "ms" else 1)
        self.close()
        self.draft.entries.append(Still(min(seconds, 600.0), element.sourceline))

    def respelt(self, element: Any, said: str, who: str, options: dict[str, object]) -> None:
        word = " ".join("".join(element.itertext()).split())
        self.say(word, who, options, element.sourceline)
        if not word or not said.strip("/ ") or self.now is None:
            return
        words = self.now.options.setdefault("pronunciation", {})
        assert isinstance(words, dict)
        if words.setdefault(word, said) != said:
            self.draft.leave(element.sourceline, f"'{word}' is said in two ways; the first stands")

    def say_as(self, element: Any, who: str, options: dict[str, object]) -> None:
        words = " ".join("".join(element.itertext()).split())
        kind = element.get("interpret-as", "")
        if kind in ("characters", "spell-out", "verbatim", "digits"):
            letters = " ".join(letter for letter in words if letter.strip())
            self.respelt(element, letters, who, options)
            return
        if kind not in _AS_WRITTEN:
            self.draft.leave(element.sourceline, f"say-as '{kind}': read as it is written")
        self.say(words, who, options, element.sourceline)

    def audio(self, element: Any, who: str, options: dict[str, object]) -> None:
        file = element.get("src", "")
        inside = found_inside(self.source, file)
        if inside is not None:
            self.close()
            self.draft.entries.append(Effect("sound", inside, element.sourceline))
            return
        what = f"audio '{file[:60]}' is not a file in the source's folder"
        self.draft.leave(element.sourceline, f"{what}; what is said instead stays")
        if self.now is None:
            self.draft.entries.append(Remark(f"[audio {file}]", element.sourceline))
        self.inside(element, who, options)


def _percent(rate: str) -> float | None:
    """`90%` is 0.9, `+10%` 1.1, as SSML 1.1 and 1.0 have it."""
    match = re.fullmatch(r"([+-]?)(\d+(?:\.\d+)?)(%?)", rate)
    if not match:
        return None
    value = float(match[2]) / (100 if match[3] else 1)
    return {"": value, "+": 1 + value, "-": 1 - value}[match[1]]
