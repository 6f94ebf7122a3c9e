"""An OpenTimelineIO timeline (.otio): a track a speaker, chapters as markers.

The format knows no audio gain: gain, pan, fades and the moving level of each clip stand in its
metadata under `podgen`, in dB, seconds and -1 to 1.
"""

from __future__ import annotations

from typing import Any

from podgen.audio.timeline import Clip, lanes
from podgen.errors import MachineError
from podgen.publish.editors.arrangement import Arrangement, Placed


def timeline(arrangement: Arrangement) -> str:
    """The text of the timeline, which lies beside the media folder.

    Raises:
        MachineError: OpenTimelineIO is not installed.
    """
    try:
        import opentimelineio as otio
    except ImportError:
        raise MachineError(
            "writing a timeline needs OpenTimelineIO", "pip install 'podgen[editors]'"
        ) from None

    def span(start: int, length: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, arrangement.rate),
            otio.opentime.RationalTime(length, arrangement.rate),
        )

    made = otio.schema.Timeline(
        arrangement.title, global_start_time=otio.opentime.RationalTime(0, arrangement.rate)
    )
    made.metadata["podgen"] = {"channels": arrangement.channels, "level": "-23 LUFS, unmastered"}
    ends = [start for _, start in arrangement.markers[1:]] + [arrangement.total]
    for (title, start), end in zip(arrangement.markers, ends, strict=False):
        made.tracks.markers.append(
            otio.schema.Marker(name=title, marked_range=span(start, end - start))
        )
    for track in arrangement.tracks:
        by_id = {str(number): clip for number, clip in enumerate(track.clips)}
        clips = [Clip(key, "", clip.start, clip.end) for key, clip in by_id.items()]
        for row in lanes(clips):
            line = otio.schema.Track(track.name, kind=otio.schema.TrackKind.Audio)
            at = 0
            for placed in row:
                clip = by_id[placed.id]
                if clip.start > at:
                    line.append(otio.schema.Gap(source_range=span(0, clip.start - at)))
                line.append(
                    otio.schema.Clip(
                        name=clip.name,
                        media_reference=otio.schema.ExternalReference(
                            clip.file, available_range=span(0, clip.length)
                        ),
                        source_range=span(0, clip.length),
                        metadata={"podgen": _metadata(arrangement, clip)},
                    )
                )
                at = clip.end
            made.tracks.append(line)
    if arrangement.room is not None:
        made.tracks.append(_room(arrangement, otio, span))
    return str(made.to_json_string(indent=1)) + "\n"


def _metadata(arrangement: Arrangement, clip: Placed) -> dict[str, object]:
    found: dict[str, object] = {"gain": round(clip.gain, 4), "pan": clip.pan}
    if clip.text:
        found["text"] = clip.text
    if clip.curve:
        found["envelope"] = [[round(s, 6), round(d, 4)] for s, d in clip.curve]
    if clip.fade_in or clip.fade_out:
        found["fade_in"] = arrangement.seconds(clip.fade_in)
        found["fade_out"] = arrangement.seconds(clip.fade_out)
    return found


def _room(arrangement: Arrangement, otio: Any, span: Any) -> Any:
    """The room tone, again and again."""
    assert arrangement.room is not None
    line = otio.schema.Track("room tone", kind=otio.schema.TrackKind.Audio)
    for start in range(0, arrangement.total, arrangement.room.length):
        length = min(arrangement.room.length, arrangement.total - start)
        reference = otio.schema.ExternalReference(
            arrangement.room.file, available_range=span(0, arrangement.room.length)
        )
        line.append(
            otio.schema.Clip(
                name="room tone", media_reference=reference, source_range=span(0, length)
            )
        )
    return line
