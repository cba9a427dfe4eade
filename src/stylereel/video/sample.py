"""Makes a clip that looks filmed from still pictures: a hand-held camera over each, cut together, with sound.

For the demo and for tests, which need something like real footage and may not download any. The camera moves
by fractions of a pixel, shakes a little, breathes in exposure and has grain, as footage does; with plain
zooms a network that boils would look calm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from stylereel.core.color import SDR_VIDEO
from stylereel.core.errors import UsageError
from stylereel.core.pixels import rgb_to_yuv_planes
from stylereel.video.staging import StagedFile, writing

SOUND_RATE = 48_000
GRAIN_LEVELS = 1.2
"""Standard deviation of the sensor's noise, in levels of 255."""
# Where each shot begins and ends: zoom (1 just fills the frame), and centre in the room left, 0 to 1.
_MOVES = (
    ((1.06, 0.15, 0.35), (1.22, 0.75, 0.30)),
    ((1.45, 0.45, 0.65), (1.08, 0.55, 0.45)),
    ((1.10, 0.65, 0.25), (1.32, 0.35, 0.03)),
    ((1.10, 0.50, 0.95), (1.28, 0.52, 0.50)),
)
_SHAKE_HZ = (0.45, 1.1, 2.7)
_PENTATONIC_HZ = (220.0, 261.63, 293.66, 329.63, 392.0, 440.0, 523.25)


@dataclass(frozen=True)
class Camera:
    """One shot's movement over a picture.

    Attributes:
        begin: zoom (1 just fills the frame) and centre, horizontally and vertically, 0 to 1 of the room left.
        end: the same at the shot's end.
        shake_px: amplitude of the hand's slowest sway, output pixels; quicker ones are smaller.
        phases: `(4, 3)` of the sways in x, y, roll and exposure, radians.
    """

    begin: tuple[float, float, float]
    end: tuple[float, float, float]
    shake_px: float
    phases: np.ndarray

    def view(self, picture: np.ndarray, size: tuple[int, int], seconds: float, length: float) -> np.ndarray:
        """What the camera sees `seconds` into a shot of `length` seconds: `(height, width, 3)` uint8."""
        width, height = size
        part = min(1.0, seconds / length)
        part = 0.3 * part + 0.7 * part * part * (3 - 2 * part)
        zoom, across, down = (a + (b - a) * part for a, b in zip(self.begin, self.end, strict=True))
        sway = [self._sway(axis, seconds) for axis in range(4)]
        rows, columns = picture.shape[:2]
        scale = zoom * max(width / columns, height / rows)
        margin = 2.5 * self.shake_px / scale
        x = _between(across, width / scale / 2 + margin, columns) + self.shake_px * sway[0] / scale
        y = _between(down, height / scale / 2 + margin, rows) + self.shake_px * sway[1] / scale
        roll = np.deg2rad(0.25) * sway[2]
        turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) / scale
        offset = np.array([x - 0.5, y - 0.5]) - turn @ np.array([(width - 1) / 2, (height - 1) / 2])
        seen = cv2.warpAffine(
            picture,
            np.column_stack([turn, offset]),
            size,
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        return cv2.convertScaleAbs(seen, alpha=1 + 0.02 * sway[3])

    def _sway(self, axis: int, seconds: float) -> float:
        """A slow irregular movement, about -1.6 to 1.6."""
        waves = (
            np.sin(2 * np.pi * hz * seconds + p) for hz, p in zip(_SHAKE_HZ, self.phases[axis], strict=True)
        )
        return float(sum(wave / (k + 1) for k, wave in enumerate(waves)))


def filmed(
    pictures: Sequence[np.ndarray], size: tuple[int, int], seconds: float, rate: int, seed: int = 1
) -> Iterator[np.ndarray]:
    """The frames of a clip: each picture gets a shot, all of the same length.

    Args:
        pictures: `(H, W, 3)` uint8 RGB, of any size.
        size: `(width, height)` of the frames, pixels.
        seconds: of all shots together.
        rate: frames per second.
        seed: of the camera's shake and of the grain.

    Yields:
        `(height, width, 3)` uint8 RGB.
    """
    rng = np.random.default_rng(seed)
    total, length = round(seconds * rate), seconds / len(pictures)
    shake_px = 2.2 * size[0] / 640
    cameras = [
        Camera(*_MOVES[index % len(_MOVES)], shake_px, rng.uniform(0, 2 * np.pi, (4, 3)))
        for index in range(len(pictures))
    ]
    for index in range(total):
        shot = index * len(pictures) // total
        view = cameras[shot].view(pictures[shot], size, index / rate - shot * length, length)
        grain = rng.normal(0, GRAIN_LEVELS, (*view.shape[:2], 1))
        yield np.clip(np.rint(view + grain), 0, 255).astype(np.uint8)


def ambience(seconds: float, seed: int = 1) -> np.ndarray:
    """`(2, N)` float32 stereo at `SOUND_RATE`: air moving, and a few plucked notes of a pentatonic scale."""
    rng = np.random.default_rng(seed)
    count = round(seconds * SOUND_RATE)
    times = np.arange(count) / SOUND_RATE
    hz = np.fft.rfftfreq(count, 1 / SOUND_RATE)
    shape = np.minimum(1.0, hz / 80) / (1 + (hz / 350) ** 2)
    air = np.stack([np.fft.irfft(np.fft.rfft(rng.normal(size=count)) * shape, count) for _ in range(2)])
    sound = air / np.abs(air).max() * 0.10 * (1 + 0.5 * np.sin(2 * np.pi * times / 5.3))
    for start in np.arange(0.3, seconds - 0.4, 0.56):
        pitch = float(rng.choice(_PENTATONIC_HZ))
        since = np.maximum(times - start, 0)
        strike = np.minimum(1.0, since / 0.006) * np.exp(-since / 0.7)
        note = sum(np.sin(2 * np.pi * pitch * k * since) / k**2 for k in (1, 2, 3)) * strike
        sound += 0.14 * rng.uniform(0.6, 1.0) * note * np.array([[0.9], [1.1]])[:: rng.choice((-1, 1))]
    fade = np.clip(np.minimum(times / 0.3, (seconds - times) / 0.8), 0, 1)
    return np.clip(sound * fade, -1, 1).astype(np.float32)


def make_sample(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    size: tuple[int, int] = (640, 360),
    seconds: float = 9.0,
    rate: int = 25,
    seed: int = 1,
) -> Path:
    """Write the clip as MP4, H.264 in BT.709 with stereo AAC; replaces a file when the new one is whole.

    Args:
        path: to write; its folder must exist.
        pictures: `(H, W, 3)` uint8 RGB, of any size.
        size: `(width, height)` of the frames, pixels, both even.
        seconds: how long the clip is.
        rate: frames per second.
        seed: of everything random.

    Raises:
        UsageError: no picture, or odd sizes.
        OutputError: the file cannot be written.
    """
    if not len(pictures) or size[0] % 2 or size[1] % 2:
        raise UsageError(
            f"A sample needs pictures and even sizes: got {len(pictures)} and {size[0]}x{size[1]}."
        )
    staged = StagedFile(path)
    try:
        with writing(path), av.open(str(staged.path), "w", format="mp4") as output:
            video, sound = _streams(output, size, rate)
            samples = ambience(seconds, seed)
            done = 0
            for index, pixels in enumerate(filmed(pictures, size, seconds, rate, seed)):
                output.mux(video.encode(_video_frame(pixels, index, rate)))
                while done < samples.shape[1] and done < (index + 1) * SOUND_RATE / rate:
                    output.mux(sound.encode(_sound_frame(samples, done)))
                    done += 1024
            output.mux(video.encode(None))
            output.mux(sound.encode(None))
        staged.publish(overwrite=True)
    finally:
        staged.discard()
    return path


def _streams(output: Any, size: tuple[int, int], rate: int) -> tuple[Any, Any]:
    video = output.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
    video.width, video.height, video.pix_fmt = *size, "yuv420p"
    context = video.codec_context
    context.colorspace, context.color_range = SDR_VIDEO.matrix_code, SDR_VIDEO.range_code
    context.color_primaries, context.color_trc = SDR_VIDEO.primaries_code, SDR_VIDEO.transfer_code
    sound = output.add_stream("aac", rate=SOUND_RATE, layout="stereo")
    sound.codec_context.bit_rate = 128_000
    return video, sound


def _video_frame(pixels: np.ndarray, index: int, rate: int) -> av.VideoFrame:
    height, width = pixels.shape[:2]
    frame = av.VideoFrame(width, height, "yuv420p")
    for target, plane in zip(frame.planes, rgb_to_yuv_planes(pixels, SDR_VIDEO, "420", 8), strict=True):
        buffer: Any = target
        np.frombuffer(buffer, np.uint8).reshape(target.height, -1)[:, : plane.shape[1]] = plane
    frame.colorspace, frame.color_range = SDR_VIDEO.matrix_code, SDR_VIDEO.range_code
    frame.color_primaries, frame.color_trc = SDR_VIDEO.primaries_code, SDR_VIDEO.transfer_code
    frame.pts, frame.time_base = index, Fraction(1, rate)
    return frame


def _sound_frame(samples: np.ndarray, start: int) -> av.AudioFrame:
    piece = np.ascontiguousarray(samples[:, start : start + 1024])
    frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
    frame.sample_rate, frame.time_base, frame.pts = SOUND_RATE, Fraction(1, SOUND_RATE), start
    return frame


def _between(part: float, half: float, length: float) -> float:
    """A centre that keeps `half` to each side inside `length`; the middle where there is no room."""
    return length / 2 if 2 * half >= length else half + part * (length - 2 * half)
