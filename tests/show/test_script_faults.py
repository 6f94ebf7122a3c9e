"""Wrong scripts and the exact lines they are answered with."""

from pathlib import Path

import pytest

from podgen.errors import ScriptError
from podgen.show import load_show, read_show

CAST = "cast: {A: {voices: {kokoro: x}}, B: {voices: {kokoro: y}}}\n"

FAULTS = {
    "unknown key": (
        "titel: x\nturns:\n  - A: hi\n",
        ["s.yaml:1:1: unknown key 'titel'; did you mean 'title'?"],
    ),
    "unknown key in a turn": (
        "turns:\n  - A: {text: hi, gian: 3}\n",
        ["s.yaml:2:19: unknown key 'gian'; did you mean 'gain'?"],
    ),
    "unknown key without a likeness": (
        "turns:\n  - sound: {file: m.wav, zzz: 3}\n  - A: hi\n",
        ["s.yaml:2:26: unknown key 'zzz'; use file, volume, pan, at or wait"],
    ),
    "options beside the name": (
        "turns:\n  - A: hi\n    speed: 1.2\n",
        [
            "s.yaml:3:5: an item has one key, but 'speed' stands beside 'A'; "
            "indent the options under A"
        ],
    ),
    "a forgotten dash": (
        "turns:\n  - A: hi\n    B: ho\n",
        [
            "s.yaml:3:5: an item has one key, but 'B' stands beside 'A'; "
            "begin 'B' with '- ', or indent it under A"
        ],
    ),
    "a forgotten space": (
        "turns:\n  - A:hi\n",
        [
            "s.yaml:2:5: an item cannot be 'A:hi'; "
            "write '- NAME: text', with a space after the colon"
        ],
    ),
    "numbers": (
        "turns:\n  - A: {text: hi, speed: fast}\n  - B: {text: hi, speed: 9, pan: .nan, gain: }\n",
        [
            "s.yaml:2:26: speed cannot be 'fast'; give a number from 0.25 to 4",
            "s.yaml:3:26: speed cannot be '9'; give a number from 0.25 to 4",
            "s.yaml:3:34: pan cannot be '.nan'; give a number from -1 to 1 (left to right)",
        ],
    ),
    "no text": ("turns:\n  - A: {speed: 1}\n", ["s.yaml:2:8: text is missing; add 'text:'"]),
    "nothing to say": (
        "turns:\n  - A:\n  - A: '***'\n  - A: {text: ''}\n  - A: '...'\n  - A: '![](m.wav)'\n",
        [
            "s.yaml:2:7: the text is empty; write what is said, or use '- pause: seconds'",
            "s.yaml:3:8: '***' leaves nothing to say; write what is said, or use "
            "'- pause: seconds'",
            "s.yaml:4:15: the text is empty; write what is said, or use '- pause: seconds'",
            "s.yaml:5:8: '...' leaves nothing to say; write what is said, or use "
            "'- pause: seconds'",
            "s.yaml:6:8: '![](m.wav)' leaves nothing to say; write what is said, or use "
            "'- pause: seconds'",
        ],
    ),
    "ids": (
        "turns:\n  - A: {text: a, id: x}\n  - A: {text: b, id: X}\n  - A: {text: c, id: 12}\n"
        "  - A: {text: d, id: a b}\n",
        [
            "s.yaml:3:22: id 'X' is already the turn's in line 2; give another id",
            "s.yaml:4:22: id cannot be '12'; give letters, figures, - and _, with at least one "
            "letter and at most 60",
            "s.yaml:5:22: id cannot be 'a b'; give letters, figures, - and _, with at least one "
            "letter and at most 60",
        ],
    ),
    "a list for text": (
        "turns:\n  - A: [sigh]\n  - A: {text: {a: b}}\n",
        [
            "s.yaml:2:8: what A says cannot be a list; put the text in quotes",
            "s.yaml:3:15: text cannot be a mapping; give text, in quotes if it begins with [ or {",
        ],
    ),
    "a turn's options": (
        "turns:\n"
        "  - A: {text: hi, split: now, seed: -1, voice: a b, settings: 5, ref_audio: x.wav}\n",
        [
            "s.yaml:2:26: split cannot be 'now'; give never, auto or a number of characters "
            "from 20 on",
            "s.yaml:2:37: seed cannot be '-1'; give a whole number from 0 to 4294967295",
            "s.yaml:2:48: 'a b' is no voice's name; give one name without spaces",
            "s.yaml:2:63: settings cannot be '5'; give the engine's settings and their values",
            "s.yaml:2:77: no file 'x.wav'; paths count from this file's folder",
        ],
    ),
    "music": (
        "turns:\n  - music: no.wav\n  - A: hi\n  - music:\n      file: m.wav\n      role: jingle\n"
        "      duck: x\n      envelope: [[3, 0], [1, 0]]\n      trim: [5, 2]\n",
        [
            "s.yaml:2:12: no file 'no.wav'; paths count from this file's folder",
            "s.yaml:6:13: role cannot be 'jingle'; give intro, bed or outro",
            "s.yaml:7:13: duck cannot be 'x'; give a number from 0 to 60 (dB)",
            "s.yaml:8:26: 1 s does not come after 3 s; put the times in order",
            "s.yaml:9:13: trim ends before it begins; give [from, to]",
        ],
    ),
    "music under speech": (
        "turns:\n  - music: {file: m.wav, under: 18, duck: 6}\n  - A: hi\n"
        "  - music: {file: m.wav, under: 9, volume: -12}\n  - music: {file: m.wav, under: -18}\n"
        "  - music: {file: m.wav, under: 12, duck: {attack: 1}}\n",
        [
            "s.yaml:2:33: under and the depth of duck contradict each other; keep one of the two",
            "s.yaml:4:33: under 9 is louder than the volume of -12 dB; give under 12 or more, or a "
            "higher volume",
            "s.yaml:5:33: under cannot be '-18'; give a number from 3 to 60 (LU)",
        ],
    ),
    "a folder for a file": (
        "turns:\n  - sound: .\n  - A: hi\n",
        ["s.yaml:2:12: sound '.' is a folder; give the path of a file"],
    ),
    "anchors": (
        "turns:\n  - music: {file: m.wav, end: hallo.end}\n  - A: {text: hi, id: hello}\n"
        "  - music: {file: m.wav, end: hello}\n"
        "  - music: {file: m.wav, start: hello + 2, end: hello + 1}\n"
        "  - music: {file: m.wav, start: hello.middle, end: -1}\n"
        "  - music: {file: m.wav, start: hello+2}\n",
        [
            "s.yaml:2:31: end names no turn 'hallo'; did you mean 'hello'?",
            "s.yaml:4:31: the music ends before it begins; name a later turn",
            "s.yaml:5:49: the music ends before it begins; name a later turn",
            "s.yaml:6:33: start cannot be 'hello.middle'; give seconds, or a turn as in 'id', "
            "'id.end' or 'id.start + 1.5'",
            "s.yaml:6:52: the music ends before it begins; give seconds from the music's start",
            "s.yaml:7:33: start cannot be 'hello+2'; give seconds, or a turn as in 'id', "
            "'id.end' or 'id.start + 1.5'",
        ],
    ),
    "overlaps": (
        "turns:\n  - A: {text: hi, overlap: 0.5}\n  - pause: 1\n"
        "  - B: {text: ho, overlap: 1, pause_before: 1}\n  - pause: x\n  - pause:\n",
        [
            "s.yaml:2:28: overlap, but no turn comes before; remove it",
            "s.yaml:4:19: overlap and pause_before contradict each other; keep one of the two",
            "s.yaml:4:28: overlap after a pause; remove one of the two",
            "s.yaml:5:12: pause cannot be 'x'; give a number from 0 to 600 (seconds)",
            "s.yaml:6:11: pause cannot be empty; give a number from 0 to 600 (seconds)",
        ],
    ),
    "an overlap after a pause_after": (
        "turns:\n  - A: {text: hi, pause_after: 0}\n  - chapter: x\n"
        "  - B: {text: ho, overlap: 0.2}\n  - A: {text: hi, overlap: 0.1}\n",
        [
            "s.yaml:4:28: overlap contradicts the pause_after of the turn before; "
            "keep one of the two",
        ],
    ),
    "pictures": (
        "cover: fake.png\nturns:\n  - chapter: {title: x, image: cover.png}\n"
        "  - A: ho\n  - chapter: {title: x, image: fake.png}\n  - A: hi\n",
        [
            "s.yaml:1:8: fake.png is neither a JPEG nor a PNG picture; "
            "convert it: players show only these two",
            "s.yaml:5:32: fake.png is neither a JPEG nor a PNG picture; "
            "convert it: players show only these two",
        ],
    ),
    "figures of mastering": (
        "mastering: {tolerance: 0, noise_floor: 3, longest: 0, bitrate: {mp3: 5M, wav: 1}}\n"
        "turns:\n  - A: hi\n",
        [
            "s.yaml:1:24: tolerance cannot be '0'; give a number from 0.1 to 5 (LU)",
            "s.yaml:1:40: noise_floor cannot be '3'; give a number from -100 to -20 (dBFS)",
            "s.yaml:1:52: longest cannot be '0'; give a number from 1 to 86400 (seconds)",
            "s.yaml:1:70: mp3 cannot be '5M'; give kb/s from 8 to 512, as in 128",
            "s.yaml:1:79: 'wav' has no bit rate; give mp3, m4a or opus",
        ],
    ),
    "chapters and sounds": (
        "turns:\n  - chapter: {url: x}\n  - sound: {file: m.wav, at: x, wait: perhaps}\n"
        "  - A: hi\n",
        [
            "s.yaml:2:14: title is missing; add 'title:'",
            "s.yaml:2:20: url cannot be 'x'; give an address that begins with https://",
            "s.yaml:3:30: at cannot be 'x'; give a number from -600 to 600 (seconds)",
            "s.yaml:3:39: wait cannot be 'perhaps'; give true or false",
        ],
    ),
    "the head": (
        "mastering: {preset: aple, loudness: -90, sample_rate: 22050, bitrate: 5M, head: .inf}\n"
        "deliverables: [mp3, ogg]\nstems: maybe\nnumber: 1.5\nlanguage: plain english\n"
        "cover: m.wav\nturns:\n  - A: hi\n",
        [
            "s.yaml:1:21: preset cannot be 'aple'; give apple, apple-mono, spotify, ebu, aes "
            "or acx",
            "s.yaml:1:37: loudness cannot be '-90'; give a number from -40 to -5 (LUFS)",
            "s.yaml:1:55: sample_rate cannot be '22050'; give 44100 or 48000 (Hz)",
            "s.yaml:1:71: bitrate cannot be '5M'; give kb/s from 8 to 512, as in 128",
            "s.yaml:1:81: head cannot be '.inf'; give a number from 0 to 600 (seconds)",
            "s.yaml:2:21: deliverables cannot be 'ogg'; give mp3, wav, flac, m4a or opus",
            "s.yaml:3:8: stems cannot be 'maybe'; give true or false",
            "s.yaml:4:9: number cannot be '1.5'; give a whole number",
            "s.yaml:5:11: language cannot be 'plain english'; give a language tag such as en, "
            "en-GB or fr",
            "s.yaml:6:8: cover cannot be 'm.wav'; give a .jpg or .png file",
        ],
    ),
    "lexicons": (
        "lexicon: {a: '', b: //, c: [x]}\nturns:\n  - A: {text: hi, pronunciation: {x: }}\n",
        [
            "s.yaml:1:14: 'a' cannot be said as ''; give a respelling, or IPA between slashes",
            "s.yaml:1:21: 'b' cannot be said as '//'; give a respelling, or IPA between slashes",
            "s.yaml:1:28: 'c' cannot be said as a list; give a respelling, or IPA between slashes",
            "s.yaml:3:38: 'x' cannot be said as empty; give a respelling, or IPA between slashes",
        ],
    ),
    "no turns": ("title: x\n", ["s.yaml:1:1: turns is missing; add 'turns:'"]),
    "turns as a mapping": (
        "turns: {A: hi}\n",
        ["s.yaml:1:8: turns cannot be a mapping; give a list"],
    ),
    "nobody speaks": (
        "turns:\n  - pause: 1\n",
        ["s.yaml:1:1: nobody says anything; add '- NAME: text'"],
    ),
    "not a script": (
        "- A: hi\n",
        [
            "s.yaml:1:1: a script cannot be a list; "
            "write 'title: ...' and 'turns:' with a list of turns"
        ],
    ),
    # What YAML itself makes of dialogue.
    "a colon in the text": (
        "turns:\n  - A: Note: this\n",
        ["s.yaml:2:12: a second ': ' in one value, or a wrong indent; put the text in quotes"],
    ),
    "emphasis at the start": (
        "turns:\n  - A: *Hello* there\n",
        ["s.yaml:2:8: text begins with *, which YAML keeps for itself; put the text in quotes"],
    ),
    "an at sign at the start": (
        "turns:\n  - A: @you\n",
        ["s.yaml:2:8: text begins with @, which YAML keeps for itself; put the text in quotes"],
    ),
    "an exclamation mark at the start": (
        "turns:\n  - A: !Hey you\n",
        ["s.yaml:2:8: unknown YAML tag '!Hey'; put text that begins with ! in quotes"],
    ),
    "a quoted beginning": (
        'turns:\n  - A: "Hi" she said\n',
        ['s.yaml:2:13: text goes on after the closing "; put the whole text in quotes'],
    ),
    "a bracket at the start": (
        "turns:\n  - A: [sigh] Well.\n",
        ["s.yaml:2:15: text goes on after the closing ]; put the whole text in quotes"],
    ),
    "a number sign that cuts the text": (
        "turns:\n  - A: We are #1 today\n",
        [
            "s.yaml:2:8: the text ends before '#1', which YAML takes for a comment; "
            "put the text in quotes, or a space after #"
        ],
    ),
    "a forgotten dash at the margin": (
        "turns:\n  - A: hi\n  B: ho\n",
        ["s.yaml:3:3: a line in a list that is no item; begin it with '- ', or indent it"],
    ),
    "a tab": ("turns:\n\t- A: hi\n", ["s.yaml:2:1: a tab in the indent; indent with spaces"]),
    "an open quote": (
        'turns:\n  - A: "hi\n',
        ["s.yaml:3:1: a quote is opened and never closed; close it"],
    ),
    "a repeated key": (
        "title: a\ntitle: b\nturns:\n  - A: hi\n",
        ["s.yaml:2:1: key 'title' is given twice; keep one of the two"],
    ),
    "two documents": (
        "turns: []\n---\nturns: []\n",
        ["s.yaml:2:1: a second document begins here; remove the '---' line"],
    ),
    "an alias in itself": (
        "turns: &a\n  - A: *a\n",
        ["s.yaml:1:8: an alias contains itself; write the value out"],
    ),
    "too deep": (
        "turns: " + "[" * 100_000,
        ["s.yaml:1:107: nested more than 100 levels deep; flatten it"],
    ),
    "merge keys": (
        "a: &a {speed: 1}\nturns:\n  - A: {<<: *a, text: hi}\n",
        ["s.yaml:3:9: merge keys (<<) are not read; write the keys out"],
    ),
    # Who speaks.
    "unknown characters": (
        "cast: {CIPHERFOX: {voices: {kokoro: x}}}\nturns:\n  - CIPHRFOX: a\n  - CIPHRFOX: b\n"
        "  - Pause: 2\n  - ZZZ: c\n",
        [
            "s.yaml:3:5: unknown character 'CIPHRFOX' (2 turns); did you mean 'CIPHERFOX'?",
            "s.yaml:5:5: unknown character 'Pause'; did you mean 'pause'?",
            "s.yaml:6:5: unknown character 'ZZZ'; add it under cast:",
        ],
    ),
    "the cast": (
        "cast:\n  A: am_onyx\n  B: {voice: x}\n"
        "  C: {engine: kokoro, voice: x, voices: {kokoro: y}}\n"
        "  D: {voices: {kokoro: {gian: 1}, hibari: {blend: {a: 0, b: x}}}}\n"
        "  E: {eq: [{freq: 1}, {freq: 100, gain: 1, q: 99}]}\nturns:\n  - A: hi\n",
        [
            "s.yaml:2:6: A cannot be 'am_onyx'; write 'A: {voices: {ENGINE: am_onyx}}'",
            "s.yaml:3:14: voice without an engine; add engine: NAME, or write "
            "voices: {ENGINE: VOICE}",
            "s.yaml:4:30: both voice and voices are given; keep one of the two",
            "s.yaml:5:25: unknown key 'gian'; did you mean 'gain'?",
            "s.yaml:5:55: the weight of a cannot be '0'; give a number above 0",
            "s.yaml:5:61: the weight of b cannot be 'x'; give a number above 0",
            "s.yaml:6:12: gain is missing; add 'gain:'",
            "s.yaml:6:19: freq cannot be '1'; give a number from 20 to 20000 (Hz)",
            "s.yaml:6:47: q cannot be '99'; give a number from 0.1 to 10",
        ],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_wrong_scripts_are_answered_with_these_lines(name, faults) -> None:
    script, lines = FAULTS[name]
    assert faults(script) == lines


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", "s.yaml: the script is empty"),
        (b"# only a comment\n", "s.yaml: the script is empty"),
        (b"turns:\n  - A: caf\xe9\n", "s.yaml:2:11: not UTF-8 text; save the file as UTF-8"),
        ("turns: []".encode("utf-16"), "s.yaml:1:1: not UTF-8 text; save the file as UTF-8"),
        (b"turns:\r\n  - A: a\x07\r\n", "s.yaml:2:9: control character U+0007; delete it"),
        (
            b'turns:\n  - A: "a\\0b"\n',
            "s.yaml:2:8: an escape makes a control character; remove the escape",
        ),
    ],
)
def test_unreadable_bytes(folder: Path, data: bytes, line: str) -> None:
    Path("s.yaml").write_bytes(data)
    with pytest.raises(ScriptError) as caught:
        load_show("s.yaml")
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".", ".: a folder, not a file; give the script"),
        ("none.yaml", "none.yaml: no such script; check the path"),
    ],
)
def test_no_file(folder: Path, path: str, line: str) -> None:
    with pytest.raises(ScriptError) as caught:
        load_show(path)
    assert str(caught.value) == line


def test_aliases_that_expand_without_end_are_refused_quickly(faults) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"]
    for n in range(1, 12):
        lines.append(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n")
    assert faults("".join(lines)) == [
        "s.yaml:1:5: aliases expand to more than 50000 values; write the values out"
    ]


def test_ordinary_aliases_are_fine(faults) -> None:
    script = "turns:\n  - A: &line {text: again, speed: 1.1}\n  - B: *line\n"
    assert faults(CAST + script) == []


def test_faults_of_a_lexicon_file_have_their_place_in_it(folder: Path, faults) -> None:
    (folder / "lex.yaml").write_text("fine: fyne\nbad: ''\nworse: []\n")
    assert faults("lexicon: lex.yaml\nturns:\n  - A: hi\n") == [
        "lex.yaml:2:1: 'bad' cannot be said as ''; give a respelling, or IPA between slashes",
        "lex.yaml:3:1: 'worse' cannot be said as a list; give a respelling, or IPA between slashes",
    ]


def test_what_is_right_is_read_beside_what_is_wrong(folder: Path) -> None:
    Path("s.yaml").write_text(
        "titel: x\ndefaults: {pause: 1, speed: fast}\nturns:\n"
        "  - A: {text: hi, speed: 9, id: one}\n  - B: ho\n  - C: {speed: 1}\n"
    )
    show, problems = read_show("s.yaml")
    assert len(problems) == 4
    assert [(turn.speaker, turn.text, turn.speed) for turn in show.turns] == [
        ("A", "hi", None),
        ("B", "ho", None),
    ]
    assert show.defaults.pause == 1
