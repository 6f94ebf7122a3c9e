from __future__ import annotations

from dataclasses import replace

from markdown_it import MarkdownIt

from podgen.publish.episode import Episode
from podgen.publish.feed import soundbite
from podgen.publish.notes import notes_html, notes_markdown


def test_notes_have_times_links_and_who_is_heard(episode: Episode) -> None:
    text = notes_markdown(episode)
    assert "- 0:00 [Opening; a=b #1](<https://example.org/a?b=c&d>)".replace("#", "\\#") in text
    assert "- 0:01 Élan" in text
    assert text.rstrip().endswith("The voices are synthetic.")
    page = MarkdownIt().render(text)
    assert "<h1>Rock &amp; Roll &lt;live&gt;</h1>" in page
    assert '<a href="https://example.org/a?b=c&amp;d">Opening; a=b #1</a>' in page


def test_the_same_in_html(episode: Episode) -> None:
    page = notes_html(episode)
    assert '<li>0:00 <a href="https://example.org/a?b=c&amp;d">Opening; a=b #1</a></li>' in page
    assert "With ANN, BO &lt;b&gt;." in page


def test_people_and_voices_are_told_apart(episode: Episode) -> None:
    first, *others = episode.turns
    mixed = replace(episode, turns=(replace(first, speaker="EVA", recorded=True), *others))
    assert "The voices of BO &lt;b&gt;, ANN are synthetic." in notes_html(mixed)


def test_a_soundbite_is_neither_too_short_nor_too_long(episode: Episode) -> None:
    assert soundbite(episode) is None  # four seconds in all
    slower = replace(episode, sample_rate=episode.sample_rate // 8)
    start, length = soundbite(slower) or (0.0, 0.0)
    assert start > 0 and 15 <= length <= 60
