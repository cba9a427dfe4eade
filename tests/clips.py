"""Makers of small clips with every property that the tests need; offline, deterministic, PyAV alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from stylereel.core.color import SDR_VIDEO, ColorTags
from stylereel.core.pixels import rgb_to_yuv_planes

BT601 = ColorTags("smpte170m", "limited", "smpte170m", "smpte170m")
BT709 = SDR_VIDEO
BT2020 = ColorTags("bt2020nc", "limited", "bt2020", "bt2020-10")
PQ = ColorTags("bt2020nc", "limited", "bt2020", "smpte2084")
HLG = ColorTags("bt2020nc", "limited", "bt2020", "arib-std-b67")

Painter = Callable[[int, int, int], np.ndarray]
"""(frame index, width, height) -> (H, W, 3) uint8 RGB."""


def smooth(index: int, width: int, height: int) -> np.ndarray:
    """A soft moving gradient inside the gamut of 4:2:0 video; every frame differs."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    phase = 2 * np.pi * index / 40
    red = 128 + 60 * np.sin(2 * np.pi * x / (2 * width) + phase)
    green = 128 + 60 * np.cos(2 * np.pi * y / (2 * height) - phase)
    blue = 128 + 40 * np.sin(2 * np.pi * (x + y) / (2 * (width + height)) + 2 * phase)
    return np.rint(np.stack([red, green, blue], -1)).astype(np.uint8)


def numbered(index: int, width: int, height: int) -> np.ndarray:
    """One grey for each frame, so that a frame can be told from its neighbours: 40 + 6 * index."""
    return np.full((height, width, 3), 40 + 6 * (index % 34), np.uint8)


def corners(index: int, width: int, height: int) -> np.ndarray:
    """Top left red, top right green, bottom left blue, bottom right white: shows how a frame lies."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (200, 30, 30)
    picture[: height // 2, width // 2 :] = (30, 200, 30)
    picture[height // 2 :, : width // 2] = (30, 30, 200)
    picture[height // 2 :, width // 2 :] = (220, 220, 220)
    return picture


def video_frame(rgb: np.ndarray, pix_fmt: str, color: ColorTags) -> av.VideoFrame:
    """An encoder's frame from RGB, converted by `core.pixels` for Y'CbCr formats."""
    height, width = rgb.shape[:2]
    if not pix_fmt.startswith("yuv"):
        return av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pix_fmt, threads=1)
    bits = int(pix_fmt.split("p")[1].removesuffix("le") or 8)
    chroma = pix_fmt.removeprefix("yuvj").removeprefix("yuv")[:3]
    planes = rgb_to_yuv_planes(rgb, color.for_encoding(width, height), chroma, bits)  # type: ignore[arg-type]
    return frame_of_planes(planes, pix_fmt, width, height)


def frame_of_planes(planes: Sequence[np.ndarray], pix_fmt: str, width: int, height: int) -> av.VideoFrame:
    """A frame whose planes hold exactly these values."""
    frame = av.VideoFrame(width, height, pix_fmt)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // values.dtype.itemsize), values.dtype)
        rows[: values.shape[0], : values.shape[1]] = values
        plane.update(rows.tobytes())
    return frame


def tone(seconds: float, rate: int = 48000, frequency: float = 440.0) -> np.ndarray:
    """`(1, N)` float32 sine at half scale."""
    times = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * frequency * times)).astype(np.float32)[None]


def make_clip(
    path: Path,
    *,
    frames: int = 10,
    size: tuple[int, int] = (64, 48),
    rate: Fraction | int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    paint: Painter = smooth,
    color: ColorTags | None = BT709,
    options: dict[str, str] | None = None,
    lossless: bool = False,
    gop: int = 5,
    pts: Sequence[int] | None = None,
    time_base: Fraction | None = None,
    rotation: int = 0,
    display_matrix: Sequence[int] | None = None,
    sample_aspect_ratio: Fraction | None = None,
    video_streams: int = 1,
    default_stream: int = 0,
    audio: bool = False,
    audio_codec: str = "aac",
    audio_start: float = 0.0,
    subtitles: bool = False,
    chapters: bool = False,
    cover: bool = False,
    metadata: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write one clip.

    Args:
        path: its ending chooses the container.
        size: `(width, height)` as stored.
        paint: what each frame shows; with several streams, stream k shows frame index + 7 k.
        color: tags written and converted with; None leaves the stream untagged (converted as BT.601).
        lossless: x264 and x265 at quantiser 0.
        pts: presentation times in ticks of `time_base`, for a variable rate; else a constant one.
        rotation: degrees counter-clockwise in the display matrix.
        display_matrix: nine integers instead of `rotation` (16.16 fixed point), for flips.
        default_stream: which of several video streams carries the default flag.
        audio: a 440 Hz tone, beginning at `audio_start` seconds.
        subtitles: two subtitles (mov_text in MP4, SubRip elsewhere).
        chapters: two chapters.
        cover: an attached picture of another size, before the video in MP4's order.
    """
    width, height = size
    rate = Fraction(rate)
    settings = dict(options or {})
    if lossless and codec == "libx264":
        settings.setdefault("qp", "0")
    if lossless and codec == "libx265":
        settings.setdefault("x265-params", "lossless=1:log-level=none")
    if codec == "libx265":
        settings.setdefault("x265-params", "log-level=none")
    if codec in ("libx264", "libx265"):
        settings.setdefault("preset", "ultrafast")
    tags = color or BT601
    with av.open(str(path), "w", options=container_options or {}) as out:
        out.metadata.update(metadata or {})
        streams = []
        for _ in range(video_streams):
            stream = out.add_stream(codec, rate=rate, options=settings)
            stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
            stream.gop_size = gop
            if time_base is not None:
                stream.time_base = stream.codec_context.time_base = time_base
            if sample_aspect_ratio is not None:
                stream.sample_aspect_ratio = stream.codec_context.sample_aspect_ratio = sample_aspect_ratio
            if color is not None:
                context = stream.codec_context
                context.color_primaries, context.color_trc = color.primaries_code, color.transfer_code
                context.colorspace, context.color_range = color.matrix_code, color.range_code
            if display_matrix is not None:
                stream.set_display_matrix(list(display_matrix))
            elif rotation:
                stream.set_display_rotation(rotation)
            streams.append(stream)
        if video_streams > 1:
            for index, stream in enumerate(streams):
                chosen = av.stream.Disposition.default if index == default_stream else 0
                stream.disposition = av.stream.Disposition(chosen)
        sound = out.add_stream(audio_codec, rate=48000, layout="mono") if audio else None
        texts = _add_subtitles(out, path) if subtitles else None
        picture = _add_cover(out) if cover else None
        if chapters:
            end = max(1, round(1000 * frames / rate))
            halves = ((0, end // 2, "First half"), (end // 2, end, "Second half"))
            out.set_chapters(
                [
                    {
                        "id": k + 1,
                        "start": a,
                        "end": b,
                        "time_base": Fraction(1, 1000),
                        "metadata": {"title": t},
                    }
                    for k, (a, b, t) in enumerate(halves)
                ]
            )
        if picture is not None:
            _write_cover(out, picture)
        for index in range(frames):
            for number, stream in enumerate(streams):
                frame = video_frame(paint(index + 7 * number, width, height), pix_fmt, tags)
                frame.pts = index if pts is None else pts[index]
                frame.time_base = 1 / rate if pts is None else (time_base or Fraction(1, 1000))
                if color is not None:
                    frame.colorspace, frame.color_range = color.matrix_code, color.range_code
                    frame.color_primaries, frame.color_trc = color.primaries_code, color.transfer_code
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
        if sound is not None:
            _write_tone(out, sound, float(frames / rate), audio_start)
        if texts is not None:
            _write_subtitles(out, texts, path)
    return path


_ASS_HEADER = (
    b"[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\nFormat: Name, Fontname, Fontsize\r\n"
    b"Style: Default,Arial,16\r\n\r\n[Events]\r\nFormat: Layer, Start, End, Style, Text\r\n"
)


def _add_subtitles(out, path: Path):
    stream = out.add_stream("mov_text" if path.suffix in (".mp4", ".mov", ".m4v") else "srt")
    stream.codec_context.subtitle_header = _ASS_HEADER
    stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
    return stream


def _write_subtitles(out, stream, path: Path) -> None:
    for start, text in ((40, "one"), (200, "two")):
        body = text.encode()
        data = len(body).to_bytes(2, "big") + body if path.suffix in (".mp4", ".mov", ".m4v") else body
        packet = av.Packet(data)
        packet.stream = stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = 100
        out.mux(packet)


def _write_tone(out, stream, seconds: float, start: float) -> None:
    samples = tone(seconds)
    for first in range(0, samples.shape[1], 1024):
        frame = av.AudioFrame.from_ndarray(samples[:, first : first + 1024], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = 48000, Fraction(1, 48000)
        frame.pts = first + round(start * 48000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _add_cover(out):
    stream = out.add_stream("mjpeg", rate=1)
    stream.width, stream.height, stream.pix_fmt = 32, 32, "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


def _write_cover(out, stream) -> None:
    frame = av.VideoFrame.from_ndarray(corners(0, 32, 32), format="rgb24").reformat(
        format="yuvj420p", threads=1
    )
    frame.pts = 0
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        out.mux(packet)


def make_vfr(path: Path, **settings) -> Path:
    """Twelve frames at uneven times, in milliseconds."""
    times = [0, 40, 80, 200, 240, 250, 400, 440, 480, 700, 733, 1000]
    return make_clip(path, frames=len(times), pts=times, time_base=Fraction(1, 1000), **settings)


def make_gif(path: Path, *, frames: int = 6, size: tuple[int, int] = (32, 24), rate: int = 10) -> Path:
    """A GIF of grey frames (see `numbered`)."""
    return make_clip(
        path, frames=frames, size=size, rate=rate, codec="gif", pix_fmt="gray", paint=numbered, color=None
    )


def make_truncated(path: Path, *, keep: float = 0.6, **settings) -> Path:
    """A clip whose index stands at the front, cut off in the middle of its data."""
    front = {"movflags": "faststart"} if path.suffix in (".mp4", ".mov") else None
    settings.setdefault("frames", 30)
    settings.setdefault("size", (128, 96))
    make_clip(path, container_options=front, **settings)
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * keep)])
    return path


def make_damaged(path: Path, *, first: int = 10, last: int = 13, **settings) -> Path:
    """A clip whose packets `first`..`last` (of the video) are overwritten with noise."""
    settings.setdefault("frames", 30)
    settings.setdefault("size", (128, 96))
    make_clip(path, **settings)
    with av.open(str(path)) as source:
        spans = [(p.pos, p.size) for p in source.demux(video=0) if p.size and p.pos is not None]
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for position, length in spans[first : last + 1]:
        data[position : position + length] = noise.integers(0, 256, length, np.uint8).tobytes()
    path.write_bytes(bytes(data))
    return path


def make_hdr_ramp(path: Path, nits: Sequence[float], color: ColorTags, *, hue=(1.0, 1.0, 1.0)) -> Path:
    """Vertical bars of known luminance, 10-bit, lossless, one frame repeated three times.

    Args:
        nits: of each bar, cd/m2, of a bar whose largest component has that light; 8 px wide each.
        color: `PQ` or `HLG`.
        hue: linear BT.2020 R, G, B in [0, 1], scaled by the luminance.
    """
    light = np.asarray(nits, np.float64)[:, None] * np.asarray(hue)
    signal = nits_to_pq(light) if color is PQ else nits_to_hlg(light)
    rgb = np.repeat(signal, 8, axis=0)[None].repeat(16, axis=0)
    from stylereel.core.pixels import rgb_to_yuv_matrix

    matrix = rgb_to_yuv_matrix(color, 10)
    codes = np.rint(rgb @ matrix[:, :3].T + matrix[:, 3]).astype(np.uint16)
    planes = [np.ascontiguousarray(codes[..., k]) for k in range(3)]
    height, width = codes.shape[:2]
    options = {"x265-params": "lossless=1:log-level=none", "preset": "ultrafast"}
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc = color.primaries_code, color.transfer_code
        context.colorspace, context.color_range = color.matrix_code, color.range_code
        for index in range(3):
            frame = frame_of_planes(planes, "yuv444p10le", width, height)
            frame.colorspace, frame.color_range = color.matrix_code, color.range_code
            frame.color_primaries, frame.color_trc = color.primaries_code, color.transfer_code
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def nits_to_pq(nits: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084 inverse EOTF: cd/m2 -> signal in [0, 1]."""
    power = (np.maximum(nits, 0) / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def nits_to_hlg(nits: np.ndarray) -> np.ndarray:
    """BT.2100 HLG on a 1000 cd/m2 display: `(..., 3)` display light -> signal, inverse OOTF and OETF."""
    display = np.maximum(nits, 0) / 1000
    luminance = (display @ np.array([0.2627, 0.6780, 0.0593]))[..., None]
    scene = display * np.where(luminance > 0, np.maximum(luminance, 1e-12) ** (1 / 1.2 - 1), 0)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


def make_pictures(
    folder: Path, count: int = 5, size: tuple[int, int] = (32, 24), suffix: str = ".png"
) -> Path:
    """A folder of pictures frame1, frame2, ... frame10, ... (see `numbered`)."""
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        cv2.imwrite(str(folder / f"frame{index + 1}{suffix}"), numbered(index, *size)[..., ::-1])
    return folder
