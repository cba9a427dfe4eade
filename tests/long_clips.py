"""Long clips at the price of short ones: the packets of one again and again."""

from __future__ import annotations

from pathlib import Path

import av

from clips import make_clip

FRAME_RATE = 25
_GROUP_FRAMES = 50


def make_long(path: Path, frames: int, size: tuple[int, int] = (64, 48)) -> Path:
    """A clip with sound, of a multiple of 50 frames, 25 a second; nothing but its first 50 is encoded."""
    group = make_clip(path.with_name(f"group{path.suffix}"), frames=_GROUP_FRAMES, size=size, audio=True)
    with av.open(str(group)) as source, av.open(str(path), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        packets = [
            (packet, packet.pts, packet.dts, packet.stream)
            for packet in source.demux()
            if packet.pts is not None and packet.dts is not None
        ]
        ends = {stream.index: 0 for stream in source.streams}
        for turn in range(frames // _GROUP_FRAMES):
            for packet, pts, dts, stream in packets:
                shift = round(turn * _GROUP_FRAMES / FRAME_RATE / stream.time_base)
                if stream.type == "audio" and dts + shift < ends[stream.index]:
                    continue  # a tone's last packet reaches into the next turn
                packet.pts, packet.dts = pts + shift, dts + shift
                ends[stream.index] = dts + shift + (packet.duration or 0)
                packet.stream = streams[stream.index]
                out.mux(packet)
    group.unlink()
    return path
