"""Several shows in one render: checked together, spoken together, each an episode of its own."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CommandLine

pytest.importorskip("hibari", reason="the draft engine is not installed")

WriteShow = Callable[..., Path]
SHARED = ("ADA", "Welcome to the show about rain.")
IMPOSSIBLE = "mastering: {preset: apple, loudness: -6, true_peak: -12}"


def line(number: int, of: str) -> tuple[str, str]:
    return "BEN", f"Line number {number} of the {of} one is about rain on roofs."


def test_a_season_is_what_its_shows_are_and_shared_turns_are_spoken_once(
    podgen: CommandLine, write_show: WriteShow, tmp_path: Path
) -> None:
    first = write_show([SHARED, line(1, "first")], name="first")
    second = write_show([SHARED, *(line(n, "second") for n in range(40))], name="second")
    run = podgen("render", first, second, "-e", "hibari", "--json", "-o", "out/{name}.mp3")
    assert run.code == 0, run.err
    assert [event["shows"] for event in run.named("season")] == [2]
    spoken = [event["show"] for event in run.named("spoke")]
    assert spoken == [str(first)] * 2 + [str(second)] * 40
    # The first is mastered beside the speaking of the second.
    begun = [event["show"] for event in run.events if event["event"] in ("step", "spoke")]
    kinds = [event["event"] for event in run.events if event["event"] in ("step", "spoke")]
    assert kinds.index("step") < len(kinds) - 1 - kinds[::-1].index("spoke")
    assert begun[kinds.index("step")] == str(first)
    assert {event["show"] for event in run.named("finished")} == {str(first), str(second)}
    alone = CommandLine(tmp_path, tmp_path / "other")
    assert alone("render", "-e", "hibari", first, "-o", "alone/first.mp3").code == 0
    made = [path for path in (tmp_path / "alone").rglob("*") if path.is_file()]
    for path in made:
        if path.name != ".podgen.json":
            same = tmp_path / "out" / path.relative_to(tmp_path / "alone")
            assert same.read_bytes() == path.read_bytes(), path


def test_a_show_that_fails_stops_no_other_and_the_table_says_which(
    podgen: CommandLine, write_show: WriteShow, tmp_path: Path
) -> None:
    bad = write_show([SHARED], IMPOSSIBLE, name="bad")
    write_show([SHARED, line(1, "good")], name="good")
    (tmp_path / "words.yaml").write_text("turns: turnz\n")  # a lexicon, like voices.yaml no script
    run = podgen("render", tmp_path, "-e", "hibari")
    assert run.code == 5, run.err
    assert "2 shows" in run.err
    rows = [row.split() for row in run.out.splitlines()[-3:]]
    assert rows[0] == ["show", "turns", "spoken", "length", "episode"]
    assert rows[1] == ["bad", "failed,", "exit", "code", "5"]
    assert rows[2][:3] == ["good", "2", "1"] and rows[2][4] == "dist/good.mp3"
    assert "see dist/bad.rejected/report.html" in run.err
    assert not (tmp_path / "dist/bad.mp3").exists() and (tmp_path / "dist/good.mp3").exists()
    assert podgen("render", bad, "-e", "hibari").code == 5


def test_all_that_is_wrong_with_a_season_is_said_before_anything_is_spoken(
    podgen: CommandLine, write_show: WriteShow, tmp_path: Path
) -> None:
    one = write_show([SHARED, ("EVE", "Who am I?")], name="one")
    two = write_show([SHARED, ("ADAM", "And I?")], name="two")
    good = write_show([SHARED], name="good")
    run = podgen("render", good, one, two, "-e", "hibari")
    assert run.code == 2
    assert "one.yaml:5:3: unknown character 'EVE'" in run.err
    assert "two.yaml:5:3: unknown character 'ADAM'" in run.err
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / "good.yaml"
    again.write_text(good.read_text())
    (tmp_path / "again" / "voices.yaml").write_text((tmp_path / "voices.yaml").read_text())
    for arguments, said in (
        ((good, again), "would both become dist/good.mp3"),
        ((good, two, "-o", "all.mp3"), "--output all.mp3 is one file, and there are 2 shows"),
        ((good, two, "--turn", "a"), "--turn is for one show"),
        ((tmp_path / "nowhere.yaml",), "nowhere.yaml"),
    ):
        run = podgen("render", "-e", "hibari", *arguments)
        assert run.code == 2 and said in run.err, run.err
    (tmp_path / "empty").mkdir()
    assert "holds no script" in podgen("render", tmp_path / "empty").err
    assert not podgen.store.exists() and not (tmp_path / "dist").exists()


def test_a_season_that_is_interrupted_leaves_nothing_half_made(
    podgen: CommandLine, write_show: WriteShow, tmp_path: Path
) -> None:
    """While one show is mastered and another is spoken."""
    shows = [
        write_show([line(n, name) for n in range(turns)], "stems: true", name=name)
        for name, turns in (("first", 20), ("second", 80))
    ]
    process = podgen.start("render", *shows, "-e", "hibari", "--json")
    assert process.stdout
    assert any('"step"' in event for event in process.stdout)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert "Traceback" not in err
    hidden = [path for path in tmp_path.rglob(".*") if path.name != ".podgen.json"]
    assert hidden == []
    assert list((tmp_path / "dist").glob("*.mp3")) in ([], [tmp_path / "dist/first.mp3"])
    run = podgen("render", *shows, "-e", "hibari", "--json")
    assert run.code == 0, run.err
    assert all(event["show"] == str(shows[1]) for event in run.named("spoke"))
