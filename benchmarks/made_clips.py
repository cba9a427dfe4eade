"""Clips for the speed and memory benchmarks: a camera moving over a made scene, and a tone."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

FRAME_RATE = 25
SOUND_RATE = 48000
PAUSE_SECONDS = 0.12
"""Between two turns of a looped clip, so that no stream's packets overlap."""


def make_clip(path: Path, width: int, height: int, seconds: float, rate: int = FRAME_RATE) -> Path:
    """A camera that drifts over soft noise with edges, `seconds` long, at `rate` frames a second."""
    scene = _scene(width + 256, height + 256)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=rate, options={"crf": "20", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        sound = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for index in range(round(seconds * rate)):
            left, top = (round(127 * (1 + turn(index / 40))) for turn in (np.sin, np.cos))
            picture = np.ascontiguousarray(scene[top : top + height, left : left + width])
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        tone = 0.2 * np.sin(2 * np.pi * 330 * np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE)
        for start in range(0, len(tone), 1024):
            piece = av.AudioFrame.from_ndarray(
                tone[None, start : start + 1024].astype(np.float32), "fltp", "mono"
            )
            piece.sample_rate, piece.pts, piece.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    return path


def make_picture(path: Path, width: int, height: int) -> Path:
    """One picture of such a scene."""
    cv2.imwrite(str(path), cv2.cvtColor(_scene(width, height), cv2.COLOR_RGB2BGR))
    return path


def make_long(path: Path, clip: Path, seconds: float) -> Path:
    """The packets of a clip again and again, until it is `seconds` long; nothing is encoded."""
    with av.open(str(clip)) as first:
        length = float(first.duration or 0) / av.time_base + PAUSE_SECONDS
    with av.open(str(clip)) as template, av.open(str(path), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in template.streams}
        for turn in range(max(1, round(seconds / length))):
            with av.open(str(clip)) as source:
                for packet in source.demux():
                    if packet.dts is None or packet.pts is None:
                        continue
                    shift = round(turn * length / packet.time_base)
                    packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
    return path


def _scene(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    scene = np.zeros((height, width, 3), np.float32)
    for scale in (8, 32, 128):
        size = (-(-width // scale) + 1, -(-height // scale) + 1)
        noise = rng.uniform(0, 1, (size[1], size[0], 3)).astype(np.float32)
        scene += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) * scale**0.5
    for _ in range(60):
        center = (int(rng.integers(width)), int(rng.integers(height)))
        color = [float(value) for value in rng.uniform(0, 18, 3)]
        cv2.circle(scene, center, int(rng.integers(8, 60)), color, -1, cv2.LINE_AA)
    return np.clip(scene / scene.max() * 255, 0, 255).astype(np.uint8)
