"""A show whose voices are elsewhere, as a user renders it."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import CommandLine
from tests.engines.remote import fake as fakes
from tests.engines.remote.fake import VOXTRAL, Fake, serving, spoken, wav

VOICES = """\
engines:
  remote:
    base_url: [{voxtral}, {other}]
    model: {model}
    backoff: 0.01
characters:
  ADA: {{engine: remote, voice: casual_male}}
  BEN:
    engine: remote
    ref_audio: ben.wav
    ref_text: I am Ben.
    {consent}
    settings: {{model: fishaudio/s2-pro, base_url: "{fish}"}}
"""
SHOW = """\
title: Elsewhere
turns:
  - ADA: Good evening, and welcome to the show.
  - BEN: It is a pleasure to be here tonight.
  - ADA: Shall we begin with the first question?
"""


def test_a_show_is_spoken_by_servers_and_only_once(tmp_path: Path, podgen: CommandLine) -> None:
    with (
        serving(Fake()) as voxtral,
        serving(Fake()) as other,
        serving(Fake("fishaudio/s2-pro", rate=44100)) as fish,
    ):
        voxtral.faults = lambda body, number: fakes.silence
        fish.faults = lambda body, number: fakes.cut_file if number == 1 else None

        def write(consent: str) -> None:
            (tmp_path / "voices.yaml").write_text(
                VOICES.format(
                    voxtral=voxtral.url, other=other.url, fish=fish.url, model=VOXTRAL,
                    consent=consent,
                )
            )  # fmt: skip

        (tmp_path / "show.yaml").write_text(SHOW)
        (tmp_path / "ben.wav").write_bytes(wav(spoken("ben", seconds=2)))
        write("")
        refused = podgen("check", "show.yaml")
        assert refused.code == 2
        assert "consent" in refused.err
        write("consent: Ben agreed by letter on 2026-11-01.")
        done = podgen("render", "show.yaml", "-o", "out.wav")
        assert done.code == 0, done.err
        assert len(fish.bodies) == 2
        assert other.bodies, "the server in order was not asked"
        asked = len(voxtral.bodies) + len(other.bodies) + len(fish.bodies)
        again = podgen("render", "show.yaml", "-o", "again.wav")
        assert again.code == 0, again.err
        assert len(voxtral.bodies) + len(other.bodies) + len(fish.bodies) == asked
    assert (tmp_path / "out.wav").read_bytes() == (tmp_path / "again.wav").read_bytes()


def test_a_shows_split_is_the_servers_too(tmp_path: Path, podgen: CommandLine) -> None:
    with serving(Fake()) as server:
        (tmp_path / "voices.yaml").write_text(
            f'engines:\n  remote: {{base_url: "{server.url}", model: {VOXTRAL}}}\n'
            "characters:\n  ADA: {engine: remote, voice: casual_male}\n"
        )
        (tmp_path / "show.yaml").write_text(
            "title: In parts\ndefaults: {split: 50}\nturns:\n"
            "  - ADA: Good evening, and welcome to the show. Shall we begin with the first?\n"
            "  - ADA:\n      split: never\n"
            "      text: It is a pleasure to be here. We are here for the night.\n"
        )
        done = podgen("render", "show.yaml", "-o", "out.wav")
        assert done.code == 0, done.err
        assert "split" not in done.err
        assert sorted(server.texts()) == [
            "Good evening, and welcome to the show.",
            "It is a pleasure to be here. We are here for the night.",
            "Shall we begin with the first?",
        ]


def test_one_text_is_spoken_by_a_server(tmp_path: Path, podgen: CommandLine) -> None:
    with serving(Fake(key="secret")) as server, serving(Fake("acme/talker", ["ann"])) as other:
        at = ("--url", server.url, "--model", VOXTRAL)
        text = ("speak", "Good evening.", *at, "--voice", "casual_male", "-o")
        said = podgen(*text, "out.wav", PODGEN_API_KEY="secret")
        assert said.code == 0, said.err
        assert "by casual_male on remote" in said.err
        assert (server.bodies[-1]["voice"], server.texts()) == ("casual_male", ["Good evening."])
        assert (tmp_path / "out.wav").stat().st_size > 10_000
        assert podgen(*text, "unknown.wav").code == 3
        listed = podgen("speak", "--list-voices", *at).out
        assert "fr_female" in listed
        assert "de_male" not in listed, "the table was read, not the server asked"
        asked = podgen("speak", "--list-voices", "--url", other.url, "--model", "acme/talker")
        assert "ann" in asked.out
    assert podgen(*text, "gone.wav").code == 3
    gone = podgen("speak", "--list-voices", "--url", other.url)
    assert (gone.code, "cannot be reached" in gone.err) == (3, True)
    assert [path.name for path in tmp_path.glob("*.wav")] == ["out.wav"]


def test_a_model_without_its_engine_is_said(podgen: CommandLine) -> None:
    for arguments in (("--list-voices",), ("Hello.", "-o", "out.wav")):
        run = podgen("speak", *arguments, "--model", "here")
        said = "settings (model) without --engine; say which engine they are for\n"
        assert (run.code, run.err) == (2, said)


def test_a_turn_that_fails_stops_no_other_and_all_that_fail_are_named(
    tmp_path: Path, podgen: CommandLine
) -> None:
    turns = ["Good evening to you all.", "Here I say no.", "And welcome to the show.", "say no."]
    with serving(Fake()) as server:
        (tmp_path / "voices.yaml").write_text(
            f'engines:\n  remote: {{base_url: "{server.url}", model: {VOXTRAL}, backoff: 0.01}}\n'
            "characters:\n  ADA: {engine: remote, voice: casual_male}\n"
        )
        lines = "".join(f"  - ADA: {text}\n" for text in turns)
        (tmp_path / "show.yaml").write_text(f"title: Some fail\nturns:\n{lines}")
        run = podgen("render", "show.yaml", "-o", "out.wav")
        assert run.code == 3, run.err
        assert "2 of 4 turns kept; the next render speaks the others" in run.err
        named = [line for line in run.err.splitlines() if "cannot be spoken" in line]
        assert [line.partition(": turn ada-")[0] for line in named] == [
            "show.yaml:4:5",
            "show.yaml:6:5",
        ]
        asked = len(server.bodies)
        (tmp_path / "show.yaml").write_text(
            (tmp_path / "show.yaml").read_text().replace("say no", "say yes")
        )
        assert podgen("render", "show.yaml", "-o", "out.wav").code == 0
        assert len(server.bodies) == asked + 2
