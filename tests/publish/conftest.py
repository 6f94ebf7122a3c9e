from __future__ import annotations

import pytest

from podgen.publish.episode import ChapterMark, Episode, SpokenTurn

RATE = 44100


@pytest.fixture
def episode() -> Episode:
    """Three turns, the second over the end of the first, in two chapters; four seconds."""
    return Episode(
        title="Rock & Roll <live>",
        show="The Show",
        number=7,
        description="About = signs; and #2.",
        author="Ann Author",
        language="en-GB",
        cover=None,
        duration=4.0,
        sample_rate=RATE,
        turns=(
            SpokenTurn("t1", "ANN", "Is 2 < 3 --> yes & no?", 4410, 70001),
            SpokenTurn("t2", "BO <b>", "Mhm.", 66150, 75000),
            SpokenTurn("t3", "ANN", "A </script> tag, then\na newline.", 90000, 170000),
        ),
        chapters=(
            ChapterMark("Opening; a=b #1", 0, 80000, url="https://example.org/a?b=c&d"),
            ChapterMark("Élan", 80000, 176400),
        ),
    )
