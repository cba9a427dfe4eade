"""Sources with everything a writer must carry over, and readers of what it wrote; made by the tests."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stylereel.core.color import SDR_VIDEO
from stylereel.core.frames import Frame
from stylereel.video.info import SourceInfo

TICK = Fraction(1, 30000)
SIZE = (64, 48)
VARIABLE = (0, 1000, 2500, 2700, 6000, 9000, 9500)
LAST_DURATION = 5000


def source_info(path: Path | str = "source.mp4", **changes) -> SourceInfo:
    """What `probe` would say of a plain 64x48 video."""
    info = SourceInfo(
        path=Path(path),
        kind="video",
        width=SIZE[0],
        height=SIZE[1],
        sample_aspect_ratio=Fraction(1),
        frame_rate=Fraction(30),
        time_base=TICK,
        frame_count_estimate=None,
        duration_seconds=None,
        is_variable_rate=None,
        color=SDR_VIDEO,
        frame_color=SDR_VIDEO,
        bit_depth=8,
        has_alpha=False,
        codec="h264",
        container="mov,mp4,m4a,3gp,3g2,mj2",
        rotation=0,
        audio_streams=0,
        subtitle_streams=0,
    )
    return replace(info, **changes)


def gray_frames(times=VARIABLE, *, tick=TICK, size=SIZE, last_duration=LAST_DURATION) -> list[Frame]:
    """One flat grey per time, each lighter than the last."""
    width, height = size
    return [
        Frame(
            np.full((height, width, 3), 30 + 25 * (index % 9), np.uint8),
            pts,
            tick,
            last_duration if index == len(times) - 1 else 0,
        )
        for index, pts in enumerate(times)
    ]


def make_source(
    path: Path,
    *,
    seconds: int = 2,
    audio: tuple[str, ...] = ("aac",),
    subtitles: str | None = None,
    chapters: bool = False,
    attachment: bool = False,
    video_start: Fraction = Fraction(0),
    audio_start: Fraction = Fraction(0),
    metadata: dict[str, str] | None = None,
) -> Path:
    """A small video with a tone per sound stream, subtitles each half second, chapters each second."""
    names = {".mkv": "matroska", ".ts": "mpegts"}
    output = av.open(str(path), "w", format=names.get(path.suffix, path.suffix[1:]))
    codec = "libvpx-vp9" if path.suffix == ".webm" else "libx264"
    options = {"deadline": "realtime"} if codec == "libvpx-vp9" else {"preset": "ultrafast"}
    video = output.add_stream(codec, rate=25, options=options)
    video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
    video.time_base = video.codec_context.time_base = Fraction(1, 12800)
    sounds = []
    for number, name in enumerate(audio):
        strict = {"strict": "experimental"} if name == "vorbis" else {}
        sound = output.add_stream(name, rate=48000, options=strict)
        sound.codec_context.layout = "stereo"
        sound.metadata.update({"language": ("eng", "deu", "fra")[number], "title": f"Track {number}"})
        sounds.append(sound)
    output.metadata.update(metadata or {})
    text = _add_subtitles(output, subtitles) if subtitles else None
    if attachment:
        output.add_attachment("font.ttf", "application/x-truetype-font", b"not a font" * 20)
    if chapters:
        output.set_chapters(
            [
                {"id": n, "start": n * 1000, "end": n * 1000 + 1000, "time_base": Fraction(1, 1000),
                 "metadata": {"title": f"Part {n}"}}
                for n in range(seconds)
            ]
        )  # fmt: skip
    for index in range(25 * seconds):
        frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), index * 4 % 256, np.uint8), "rgb24")
        frame.pts, frame.time_base = index * 512 + round(video_start * 12800), Fraction(1, 12800)
        output.mux(video.encode(frame))
    output.mux(video.encode(None))
    for sound in sounds:
        _encode_tone(output, sound, seconds, audio_start)
    if text is not None:
        for n in range(2 * seconds):
            packet = text.codec_context.encode_subtitle(_line(n))
            packet.pts = packet.dts = n * 500
            packet.duration, packet.time_base, packet.stream = 400, Fraction(1, 1000), text
            output.mux(packet)
    output.close()
    return path


def _add_subtitles(output, encoder):
    text = output.add_stream(encoder)
    text.codec_context.time_base = Fraction(1, 1000)
    text.codec_context.subtitle_header = (
        b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\n"
        b"Style: Default,Arial,16\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, Text\r\n"
    )
    text.metadata["language"] = "eng"
    text.codec_context.open()
    return text


def _line(number: int):
    from av.subtitles.subtitle import SubtitleSet

    return SubtitleSet.create(f"{number},0,Default,,0,0,0,,Line {number}".encode(), 0, 400, number * 500_000)


def _encode_tone(output, sound, seconds, start):
    wave = (0.3 * np.sin(np.arange(48000 * seconds) * 2 * np.pi * 440 / 48000)).astype(np.float32)
    resampler = av.AudioResampler(sound.codec_context.format.name, "stereo", 48000)
    for at in range(0, len(wave), 960):
        frame = av.AudioFrame.from_ndarray(np.stack([wave[at : at + 960]] * 2), "fltp", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, at + round(start * 48000), Fraction(1, 48000)
        for resampled in resampler.resample(frame):
            output.mux(sound.encode(resampled))
    output.mux(sound.encode(None))


def packets_of(path: Path, kind: str, number: int = 0) -> list[tuple[Fraction, bytes]]:
    """`(seconds, payload)` of every packet of a stream, empty ones left out."""
    with av.open(str(path)) as media:
        stream = [s for s in media.streams if s.type == kind][number]
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in media.demux(stream)
            if packet.pts is not None and packet.size
        ]


def frame_times(path: Path) -> list[Fraction]:
    """Seconds of every decoded frame, exact."""
    with av.open(str(path)) as media:
        return [frame.pts * frame.time_base for frame in media.decode(video=0)]


def first_planes(path: Path) -> tuple[list[np.ndarray], av.VideoFrame]:
    """The planes of the first frame without padding, and the frame."""
    with av.open(str(path)) as media:
        frame = next(media.decode(video=0))
        wide = frame.format.name.endswith("le")
        planes = []
        for plane in frame.planes:
            rows = np.frombuffer(plane, np.uint16 if wide else np.uint8).reshape(plane.height, -1)
            planes.append(rows[:, : plane.width].copy())
        return planes, frame
