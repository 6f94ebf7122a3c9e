"""Where everything lies."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podgen.audio.cues import Anchor, Chapter, Cue, Music, Pause, Sound, Speech
from podgen.audio.timeline import Clip, PlacementError, Timeline, lanes, lay_out
from podgen.errors import ScriptError

RATE = 1000  # a sample is a millisecond


def lay(*cues: Cue, gap: float = 0.5, head: float = 0.0, tail: float = 0.0) -> Timeline:
    return lay_out(cues, RATE, gap=gap, head=head, tail=tail)


def starts(timeline: Timeline) -> list[int]:
    return [clip.start for clip in timeline.speech]


def turn(name: str, length: int = 2000, **options: float | None) -> Speech:
    return Speech(name, name[0], length, **options)


def test_turns_follow_at_the_default_gap_between_head_and_tail() -> None:
    timeline = lay(turn("a1"), turn("b1"), head=1, tail=2)
    assert starts(timeline) == [1000, 3500]
    assert timeline.total == 5500 + 2000


def test_said_pauses_add_up_and_replace_the_default() -> None:
    timeline = lay(
        turn("a1", pause_after=0.1), turn("b1", pause_before=0.2), turn("a2"), turn("b2")
    )
    assert starts(timeline) == [0, 2300, 4800, 7300]
    timeline = lay(turn("a1"), Pause(3), turn("b1"), Pause(0), turn("a2"), Pause(1), Pause(1))
    assert starts(timeline) == [0, 5000, 7000]
    assert timeline.total == 9000 + 2000


def test_a_pause_before_the_first_turn_moves_it() -> None:
    assert starts(lay(turn("a1", pause_before=0.3))) == [300]
    assert starts(lay(Pause(0.4), turn("a1"), head=0.1)) == [500]


def test_an_overlap_starts_before_the_previous_turn_ends() -> None:
    timeline = lay(turn("a1"), turn("b1", 300, overlap=1.5), turn("a2"))
    assert starts(timeline) == [0, 500, 2500]  # after the latest end, not the backchannel's
    assert timeline.windows == ((0, 2000), (2500, 4500))


def test_an_overlap_is_with_the_previous_turn_in_the_script() -> None:
    timeline = lay(turn("a1"), turn("b1", 500, overlap=1.0), turn("c1", 900, overlap=0.5))
    assert starts(timeline) == [0, 1000, 1000]


def test_an_overlap_of_nothing_butts_the_turns() -> None:
    assert starts(lay(turn("a1"), turn("b1", overlap=0.0), turn("a2"))) == [0, 2000, 4500]


def test_an_overlap_longer_than_the_turn_before_names_both() -> None:
    with pytest.raises(
        ScriptError, match=r"turn b1: overlaps a1 by 2\.5 s.* lower overlap to 2\.00"
    ):
        lay(turn("a1"), turn("b1", overlap=2.5))
    assert starts(lay(turn("a1"), turn("b1", overlap=2.0))) == [0, 0]


def test_an_overlap_needs_a_turn_right_before_it() -> None:
    with pytest.raises(ScriptError, match="turn a1: overlaps, but no turn comes before"):
        lay(turn("a1", overlap=0.1))
    with pytest.raises(ScriptError, match="turn b1: overlaps a1, but a pause"):
        lay(turn("a1"), Pause(1), turn("b1", overlap=0.1))


def music(role: str, length: int = 10_000, **options: object) -> Music:
    return Music("m", role, length, **options)  # type: ignore[arg-type]


def span(timeline: Timeline) -> tuple[int, int]:
    (only,) = timeline.music
    return only.start, only.end


def test_an_intro_leads_until_its_fade_out_begins() -> None:
    timeline = lay(music("intro", fade_out=3), turn("a1"), head=0.5)
    assert span(timeline) == (500, 10_500)
    assert starts(timeline) == [7500]
    assert timeline.total == 10_500


@pytest.mark.parametrize("loop", [False, True])
def test_an_intro_with_an_end_leads_until_the_fade_out_before_it(loop: bool) -> None:
    timeline = lay(music("intro", end=3.0, fade_out=1.2, loop=loop), turn("a1"))
    assert span(timeline) == (0, 3000)
    assert starts(timeline) == [1800]
    late = lay(music("intro", end=14.0, fade_out=1.0, loop=loop), turn("a1"))
    assert span(late) == ((0, 14_000) if loop else (0, 10_000))
    assert starts(late) == [13_000 if loop else 9000]
    placed = lay(turn("a1"), music("intro", end=Anchor("a1", "end", 4.5), fade_out=1), turn("b1"))
    assert span(placed) == (2500, 6500)
    assert starts(placed) == [0, 5500]


@pytest.mark.parametrize("role", ["bed", "outro"])
@pytest.mark.parametrize("start", [-0.3, 0.0, 3.0, None])
def test_music_without_a_lead_moves_nobody(role: str, start: float | None) -> None:
    cue = music(role, start=start)
    scripts: list[list[Cue]] = [
        [turn("a1"), turn("b1", 9000)],
        [turn("a1"), turn("b1", 9000, pause_before=0.9)],
        [turn("a1", pause_after=1.2), turn("b1", 9000)],
        [turn("a1"), turn("b1", 9000, overlap=0.4)],
    ]
    for before, after in scripts:
        assert starts(lay(before, cue, after)) == starts(lay(before, after))
    assert starts(lay(turn("a1"), cue, Pause(2), turn("b1", 9000))) == [0, 4000]
    assert span(lay(turn("a1"), cue, turn("b1", 9000)))[0] == 2500 + round(1000 * (start or 0))


def test_a_lead_that_is_said_counts_from_where_the_music_starts() -> None:
    assert starts(lay(turn("a1"), music("bed", start=1.0, lead=2), turn("b1"))) == [0, 5500]
    assert starts(lay(turn("a1"), music("outro", start=3.0, lead=0), turn("b1"))) == [0, 5500]


def test_a_chapter_begins_before_music_that_comes_in_later() -> None:
    timeline = lay(turn("a1"), Chapter("two"), music("bed", start=3.0), turn("b1", 9000))
    assert [(mark.title, mark.start) for mark in timeline.chapters] == [("two", 2500)]
    timeline = lay(turn("a1"), Chapter("two"), Sound("s", 500, at=3.0), turn("b1"))
    assert [mark.start for mark in timeline.chapters] == [2500]


def test_a_lead_is_how_long_music_has_to_itself() -> None:
    assert starts(lay(music("intro", lead=2), turn("a1"), turn("b1"))) == [2000, 4500]
    assert starts(lay(music("intro", lead=2), Pause(1), turn("a1"))) == [3000]
    assert starts(lay(turn("a0"), music("bed", lead=1), turn("a1"))) == [0, 3500]


def test_a_bed_starts_with_the_next_turn_and_fades_after_the_last() -> None:
    timeline = lay(turn("a1"), music("bed", loop=True, fade_out=1), turn("b1", 20_000), turn("a2"))
    assert starts(timeline) == [0, 2500, 23_000]
    assert span(timeline) == (2500, 26_000)
    assert timeline.total == 26_000


def test_music_that_does_not_loop_ends_with_its_file() -> None:
    timeline = lay(music("bed", 4000, fade_out=1), turn("a1", 20_000))
    assert span(timeline) == (0, 4000)


def test_an_outro_plays_to_its_end_and_the_episode_with_it() -> None:
    timeline = lay(turn("a1"), music("outro"), tail=1)
    assert span(timeline) == (2500, 12_500)
    assert timeline.total == 13_500


def test_music_may_be_tied_to_turns() -> None:
    cue = music("bed", start=Anchor("b1", "end", -0.5), end=Anchor("a2", "start", 0.25))
    timeline = lay(cue, turn("a1"), turn("b1"), turn("a2"))
    assert starts(timeline) == [0, 2500, 5000]
    assert span(timeline) == (4000, 5250)


def test_music_may_start_later_and_end_after_so_long() -> None:
    timeline = lay(turn("a1"), music("bed", start=1.0, end=2.0), turn("b1"))
    assert starts(timeline) == [0, 2500]
    assert span(timeline) == (3500, 5500)
    timeline = lay(turn("a1"), music("outro", start=-2.0))
    assert span(timeline) == (500, 10_500)


@pytest.mark.parametrize(
    ("cue", "message"),
    [
        (music("bed", start=Anchor("a1", "start", -1)), "would begin 1.00 s before the episode"),
        (music("intro", start=-0.25), "would begin 0.25 s before"),
        (Sound("s", 100, at=-0.25), "sound s would begin"),
        (music("bed", start=Anchor("zz")), "tied to turn zz, which does not exist"),
        (music("bed", start=Anchor("a1"), end=Anchor("a1", "start", 0)), "before it begins"),
        (music("bed", end=Anchor("a1", "start", -9)), "would end 9.00 s before it begins"),
    ],
)
def test_what_cannot_be_is_an_error(cue: Cue, message: str) -> None:
    with pytest.raises(PlacementError, match=message) as caught:
        lay(cue, turn("a1"))
    assert isinstance(cue, Music | Sound)
    assert caught.value.cue == cue.id


def test_speech_waits_for_a_sound_or_not() -> None:
    waiting = lay(turn("a1"), Sound("s", 1000, wait=True), turn("b1"))
    assert waiting.sounds == (Clip("s", "", 2500, 3500),)
    assert starts(waiting) == [0, 4000]
    under = lay(turn("a1"), Sound("s", 9000, at=-1.0), turn("b1"))
    assert under.sounds == (Clip("s", "", 1500, 10_500),)
    assert starts(under) == [0, 2500]
    assert under.total == 10_500


def test_a_chapter_begins_with_the_next_thing_and_the_first_one_at_zero() -> None:
    timeline = lay(
        Chapter("one"),
        music("intro", lead=5),
        turn("a1"),
        Chapter("two"),
        Pause(2),
        turn("b1"),
        head=1,
    )
    assert [(mark.title, mark.start) for mark in timeline.chapters] == [("one", 0), ("two", 10_000)]


@given(
    st.lists(
        st.tuples(st.integers(1, 500), st.floats(0, 1), st.sampled_from(["", "gap", "overlap"])),
        min_size=1,
        max_size=30,
    ),
    st.floats(0, 2),
)
def test_turns_hold_to_the_script_whatever_it_says(
    script: list[tuple[int, float, str]], head: float
) -> None:
    cues: list[Cue] = []
    previous = 0
    for number, (length, part, kind) in enumerate(script):
        overlap = round(part * previous) / RATE if kind == "overlap" and number else None
        before = part if kind == "gap" else None
        cues.append(Speech(f"t{number}", "x", length, pause_before=before, overlap=overlap))
        previous = length
    timeline = lay(*cues, gap=0.1, head=head)
    first, *rest = timeline.speech
    assert first.start >= round(head * RATE)
    latest = first.end
    for cue, before, clip in zip(cues[1:], timeline.speech, rest, strict=False):
        assert isinstance(cue, Speech)
        if cue.overlap is not None:
            assert clip.start == before.end - round(cue.overlap * RATE)
        else:
            assert clip.start >= latest
        latest = max(latest, clip.end)
    assert timeline.total >= latest
    assert sum(end - start for start, end in timeline.windows) <= sum(
        c.end - c.start for c in timeline.speech
    )


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=60))
def test_lanes_are_as_few_as_can_be(spans: list[tuple[int, int]]) -> None:
    clips = [Clip(str(n), "", start, start + length) for n, (start, length) in enumerate(spans)]
    parted = lanes(clips)
    assert sorted(clip.id for lane in parted for clip in lane) == sorted(c.id for c in clips)
    for lane in parted:
        assert all(one.end <= other.start for one, other in pairwise(lane))
    busiest = max((sum(c.start <= t < c.end for c in clips) for t in range(360)), default=0)
    assert len(parted) == busiest
