"""Who is given what, whatever actors come, go and die."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.engines.fleet.board import MOST_DEATHS, Board

AT_ONCE, AHEAD = 3, 2


class World:
    """A board and what a driver would do with it; `deadly` utterances kill whoever has them."""

    def __init__(self, deadly: frozenset[str]) -> None:
        self.board = Board(AT_ONCE, AHEAD, AHEAD)
        self.deadly = deadly
        self.hands: dict[str, list[str]] = {}
        self.ended: dict[str, str] = {}
        self.cost: dict[str, int] = {}
        self.numbered = 0

    def join(self) -> None:
        self.numbered += 1
        self.hands[f"a{self.numbered}"] = []
        self.board.join(f"a{self.numbered}")

    def give(self) -> None:
        for actor, key in self.board.give():
            assert key not in self.ended
            assert all(key not in had for had in self.hands.values())
            self.hands[actor].append(key)
            assert len(self.hands[actor]) <= AT_ONCE + AHEAD
            if self.cost.get(key, 0) == MOST_DEATHS - 1:
                assert self.hands[actor] == [key]

    def speak(self, actor: str) -> None:
        had = self.hands[actor]
        if not had:
            return
        key = had.pop(0)
        if key in self.deadly:
            had.insert(0, key)
            self.leave(actor, blamed=True)
        else:
            assert self.board.done(key) == actor
            self.ended[key] = "spoken"

    def leave(self, actor: str, *, blamed: bool) -> None:
        for key in self.hands.pop(actor):
            self.cost[key] = self.cost.get(key, 0) + blamed
        for key in self.board.leave(actor, blamed=blamed):
            self.ended[key] = "killer"

    def steal(self) -> None:
        thefts = list(self.board.steal())
        assert not list(self.board.steal())
        for actor, most in thefts:
            assert len(self.hands[actor]) > AT_ONCE
            keys = self.hands[actor][AT_ONCE:][-most:]
            self.hands[actor] = [key for key in self.hands[actor] if key not in keys]
            self.board.gave_back(actor, keys)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 30),
    st.frozensets(st.integers(0, 29), max_size=3),
    st.lists(st.sampled_from(["join", "speak", "node", "steal"]), max_size=60),
    st.randoms(use_true_random=False),
)
def test_every_utterance_is_spoken_once_but_those_that_kill(
    count: int, deadly: frozenset[int], events: list[str], random: object
) -> None:
    world = World(frozenset(f"u{n}" for n in deadly if n < count))
    for number in range(count):
        world.board.add(f"u{number}", 1.0 + number % 7)
    world.join()
    for event in events:
        world.give()
        actors = sorted(world.hands)
        if event == "join" or not actors:
            world.join()
        elif event == "speak":
            world.speak(random.choice(actors))  # type: ignore[attr-defined]
        elif event == "node" and len(actors) > 1:
            world.leave(actors[0], blamed=False)
        else:
            world.steal()
    for _ in range(20 * count + 20):
        if not len(world.board):
            break
        if not world.hands:
            world.join()
        world.give()
        for actor in sorted(world.hands):
            if actor in world.hands:
                world.speak(actor)
    assert {key for key, end in world.ended.items() if end == "killer"} == world.deadly
    assert len(world.ended) == count


def test_the_longest_go_to_the_least_loaded_and_what_is_not_begun_is_taken_back() -> None:
    board = Board(1, 2, 2)
    board.join("a")
    board.join("b")
    for key, seconds in (("long", 9.0), ("short", 1.0), ("next", 1.0), ("last", 1.0)):
        board.add(key, seconds)
    given = list(board.give())
    assert given[:2] == [("a", "long"), ("b", "short")]
    assert ("b", "next") in given
    assert board.room == 2 and not list(board.steal())
    assert board.done("short") == "b"
    for key in ("next", "last"):
        board.done(key)
    board.add("late", 1.0)
    assert list(board.give()) == [("b", "late")]
    board.done("late")
    board.join("c")
    board.gave_back("a", ["long"])
    assert [key for _, key in board.give()] == ["long"]
