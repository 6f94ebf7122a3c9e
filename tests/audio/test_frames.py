"""Values on disk, and what is found in them part by part as it would be in the whole."""

from __future__ import annotations

import numpy as np
import pytest

from podgen.audio import frames
from podgen.audio.frames import Series, longest_run


def series(values: np.typing.ArrayLike) -> Series:
    kept = Series()
    kept.append(values)
    return kept


def test_values_come_back_as_they_were_given() -> None:
    kept = Series()
    given = np.random.default_rng(0).standard_normal(20_000).astype(np.float32)
    for part in np.array_split(given, 7):
        kept.append(part)
        assert kept[-1:][0] == part[-1]  # what is read between is no trouble for what follows
    kept.append([1.5, 2.5])
    kept.append([])
    assert len(kept) == 20_002
    assert np.array_equal(kept[:20_000], given)
    assert list(kept[20_000:30_000]) == [1.5, 2.5]
    assert not len(kept[5:5])


def test_parts_are_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "CHUNK", 4)
    kept = series(range(10))
    assert [list(part) for part in kept.parts()] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [list(part) for part in kept.parts(3, 8)] == [[3, 4, 5, 6], [7]]
    assert [list(part) for part in kept.parts(9, 20)] == [[9]]
    assert not list(kept.parts(12, 20))


@pytest.mark.parametrize(
    ("flags", "run"),
    [
        ("", (0, 0)),
        ("....", (0, 0)),
        ("..##.###", (5, 3)),
        ("###..###", (0, 3)),
        (".#######", (1, 7)),
        ("########", (0, 8)),
        ("##.#####.#", (3, 5)),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_the_longest_run_crosses_parts(flags: str, run: tuple[int, int], size: int) -> None:
    whole = np.array([flag == "#" for flag in flags], bool)
    parts = (whole[at : at + size] for at in range(0, len(whole), size))
    assert longest_run(parts) == run
