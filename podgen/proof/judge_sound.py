"""What a take's sound comes to, and its pace beside the voice's other takes."""

from __future__ import annotations

from collections.abc import Iterator

from podgen.proof.company import Company, pace_of
from podgen.proof.ear import Evidence, Said
from podgen.proof.verdict import Finding, grade, sureness

# Chosen on the tuning set of benchmarks/proof.
GAP_DOUBTFUL, GAP_BAD = 0.8, 1.0
"""Seconds of silence within a paragraph."""
PARAGRAPH_GAP = 1.0
"""Seconds by which a paragraph's end may lengthen a gap."""
TAIL_DB = -6.0
"""A take whose last 20 ms are louder than this against its speech breaks off."""
CLIPPED_DOUBTFUL, CLIPPED_BAD = 3, 20
NOISE_DOUBTFUL, NOISE_BAD = -30.0, -25.0
BURST_DOUBTFUL, BURST_BAD = -31.5, -29.5
HUM_DOUBTFUL, HUM_BAD = 18.0, 25.0
JUMP_DOUBTFUL, JUMP_BAD = 10.0, 14.0
PACE_DOUBTFUL, PACE_BAD = 1.5, 2.0
"""Times as fast or as slow as is usual in the voice."""


def sound_findings(evidence: Evidence, said: Said) -> Iterator[Finding]:
    """Gaps, a cut end, clipping, noise, hum and jumps."""
    sound = evidence.sound
    paragraphs = said.text.count("\n\n")
    for start, end in sorted(sound.gaps, key=lambda gap: gap[0] - gap[1]):
        length = end - start
        if paragraphs:  # the longest gaps are taken to be theirs
            paragraphs -= 1
            length -= PARAGRAPH_GAP
        if found := grade(length, GAP_DOUBTFUL, GAP_BAD):
            what = f"{end - start:.1f} s of silence"
            yield Finding(
                "gap", found, what, start, end, "", sureness(length, GAP_DOUBTFUL, GAP_BAD)
            )
    if sound.tail > TAIL_DB:
        start = max(0.0, sound.seconds - 0.02)
        yield Finding("cut", "doubtful", "breaks off", start, sound.seconds, "", 0.6)
    if found := grade(sound.clipped, CLIPPED_DOUBTFUL, CLIPPED_BAD):
        what = f"{sound.clipped} clipped peaks"
        yield Finding("clipping", found, what, 0.0, sound.seconds, "", 0.9)
    if found := grade(sound.noise, NOISE_DOUBTFUL, NOISE_BAD):
        what = f"noise {-sound.noise:.0f} dB under the speech"
        sure = sureness(sound.noise, NOISE_DOUBTFUL, NOISE_BAD)
        yield Finding("noise", found, what, 0.0, sound.seconds, "", sure)
    for start, end, level in sound.bursts:
        if not (found := grade(level, BURST_DOUBTFUL, BURST_BAD)):
            continue
        sure = sureness(level, BURST_DOUBTFUL, BURST_BAD)
        yield Finding("noise", found, "a burst of noise", start, end, "", sure)
    if found := grade(sound.hum, HUM_DOUBTFUL, HUM_BAD):
        yield Finding("hum", found, "mains hum", 0.0, sound.seconds, "", 0.8)
    if found := grade(sound.jump, JUMP_DOUBTFUL, JUMP_BAD):
        what = f"loudness jumps by {sound.jump:.0f} dB"
        yield Finding("jump", found, what, sound.jump_at, sound.jump_at, "", 0.8)


def pace_findings(evidence: Evidence, said: Said, company: Company) -> Iterator[Finding]:
    """A pace unlike that of the voice's other takes."""
    pace = pace_of(evidence, said)
    if pace is None or company.pace is None:
        return
    ratio = pace / company.pace
    if found := grade(max(ratio, 1 / ratio), PACE_DOUBTFUL, PACE_BAD):
        what = f"{ratio:.1f} times as fast as this voice's other turns"
        yield Finding("pace", found, what, evidence.sound.start, evidence.sound.end, "", 0.7)
