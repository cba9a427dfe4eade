"""A live look for a client that hands over frames and takes frames: JPEG in, JPEG out, as they come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

import cv2
import numpy as np

from stylereel.actions.live_easel import Easel, checked_settings
from stylereel.actions.option_checks import checked_rate
from stylereel.core.errors import StylereelError
from stylereel.core.frames import Frame, FrameBatch
from stylereel.inference.live_count import Latency, Pace
from stylereel.inference.live_stage import Brush, live_stage
from stylereel.inference.slot import Slot
from stylereel.inference.tiled_runner import memory_told
from stylereel.video.jpeg import decode_jpeg, encode_jpeg

LEAST_SIDE_PX, MOST_SIDE_PX = 16, 1280
MOST_FRAME_BYTES = 2_000_000
TARGET_FPS = 25.0
JPEG_QUALITY = 85
_TICK = Fraction(1, 90_000)
_SLOWLY = 0.1
"""Share of the newest frame in the average of what decoding and encoding take."""

Outcome = Literal["painted", "dropped", "bad"]


@dataclass(frozen=True)
class Answer:
    """What became of one frame.

    Attributes:
        tag: what was given with it.
        outcome: "painted", "dropped" (a newer one came before its turn) or "bad" (it cannot be used).
        jpeg: the painted frame; empty for the others.
        reason: why it is bad, and what to do; else "".
    """

    tag: Any
    outcome: Outcome
    jpeg: bytes = b""
    reason: str = ""


@dataclass(frozen=True)
class LiveFramesStatus:
    """One moment of such a session; pace and latency are those of the last five seconds.

    Attributes:
        state: "waiting" (for the first frame), "loading" (the first look), "live", or "failed".
        seconds: since it began.
        style: the look at work.
        loading: the look that is being made ready, or None.
        strength, keep_colors, stabilize: at work.
        width, height: of the frames, px; 0 before the first.
        network_width, network_height: of what the network sees, px.
        target_fps: frames per second that the size is chosen for.
        fps_in, fps_out: frames that came, frames that were painted.
        latency_p50_ms, latency_p95_ms: from a frame's coming to its being painted and encoded; None at first.
        frames_in, frames_out, dropped, bad: so far; see `Answer.outcome`.
        notice: the last sentence for the user, or "".
    """

    state: str
    seconds: float
    style: str
    loading: str | None
    strength: float
    keep_colors: bool
    stabilize: float
    width: int
    height: int
    network_width: int
    network_height: int
    target_fps: float
    fps_in: float
    fps_out: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    frames_in: int
    frames_out: int
    dropped: int
    bad: int
    notice: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Arrived:
    jpeg: bytes
    tag: Any
    began: float


class LiveFrames:
    """Paints frames as they come; at most two are in flight, one that waits and one that is painted.

    A newer frame takes the place of one that still waits, which is answered as dropped. Every frame gets one
    answer. Frames may change their size at any time: until a network is ready for the new one, they are
    painted at the one before and come back at their own.
    """

    def __init__(
        self,
        style: str,
        on_answer: Callable[[Answer], object],
        *,
        strength: float = 1.0,
        keep_colors: bool = False,
        stabilize: float = 0.0,
        target_fps: float = TARGET_FPS,
        adapt: bool = True,
        runner: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        on_failure: Callable[[Exception], object] = lambda error: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Check all; a thread waits for the first frame, which says the size. `close` ends it.

        Args:
            style: a pack's name or folder, `PACK:LOOK` or a mixture.
            on_answer: takes each frame's answer, from the painting thread or from that of `put`; must not
                take long.
            strength: 0 (the source) to 1 (the look).
            keep_colors: the look's light and texture with the source's colours.
            stabilize: how much a frame leans on the one before, 0 to 1.
            target_fps: frames per second to be held; where they cannot, the network sees smaller ones.
            adapt: False leaves the network at the whole frame.
            runner, device, threads, precision: as those of `Stylizer.load`.
            on_failure: told why the session cannot go on, once, from the painting thread.
            clock: seconds.

        Raises:
            UsageError: no such style, or a value out of range.
            PackError: the style is refused.
        """
        settings = {"strength": strength, "keep_colors": keep_colors, "stabilize": stabilize}
        self._rate = float(checked_rate(target_fps) or TARGET_FPS)
        self._on_answer, self._on_failure, self._clock = on_answer, on_failure, clock
        self._notice = ""
        self._easel = Easel(
            [style],
            checked_settings(settings),
            runner=runner,
            device=device,
            threads=threads,
            precision=precision,
            adapt=adapt,
            tell=self._tell,
        )
        self._inbox: Slot[_Arrived] = Slot()
        self._came, self._painted, self._bad = Pace(clock), Pace(clock), 0
        self._latency = Latency(clock)
        self._codec_seconds = 0.0
        self._size = (0, 0)
        self._state = "waiting"
        self._wished: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._began = clock()
        self._thread = threading.Thread(target=self._run, name="stylereel-live-frames", daemon=True)
        self._thread.start()

    def put(self, jpeg: bytes, tag: Any = None) -> None:
        """Hand over a frame; returns at once.

        Args:
            jpeg: a baseline JPEG of `LEAST_SIDE_PX` to `MOST_SIDE_PX` to a side.
            tag: comes back with its answer.
        """
        self._came.tick()
        if len(jpeg) > MOST_FRAME_BYTES:
            self._tell_bad(tag, f"a frame has {len(jpeg)} bytes: at most {MOST_FRAME_BYTES} are taken.")
            return
        dropped = self._inbox.exchange(_Arrived(jpeg, tag, self._clock()))
        if dropped is not None:
            self._on_answer(Answer(dropped.tag, "dropped"))

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change style, strength, keep_colors or stabilize from the next frame on; all of it, or none.

        Raises:
            UsageError: an unknown setting, a value out of range, or no such style.
            PackError: the style is refused.
        """
        self._easel.change(settings)

    def status(self) -> LiveFramesStatus:
        """How it stands."""
        easel = self._easel
        width, height = self._size
        network_width, network_height = easel.network_size if self._state == "live" else (0, 0)
        return LiveFramesStatus(
            state=self._state,
            seconds=round(self._clock() - self._began, 3),
            style=easel.style,
            loading=easel.wanted if self._state == "loading" else easel.loading,
            **easel.settings,
            width=width,
            height=height,
            network_width=network_width,
            network_height=network_height,
            target_fps=self._rate,
            fps_in=round(self._came.per_second, 2),
            fps_out=round(self._painted.per_second, 2),
            latency_p50_ms=self._latency.recent(0.5),
            latency_p95_ms=self._latency.recent(0.95),
            frames_in=self._came.count,
            frames_out=self._painted.count,
            dropped=self._inbox.dropped,
            bad=self._bad,
            notice=self._notice,
        )

    def close(self) -> None:
        """End it and give back what it holds; waits for the frame that is being painted."""
        self._inbox.close()
        self._inbox.drop()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> LiveFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            self._paint()
        except Exception as error:
            self._state = "failed"
            self._inbox.close()
            self._on_failure(self._told(error))
        finally:
            self._easel.close()

    def _told(self, error: Exception) -> Exception:
        try:
            with memory_told(self._size[1], self._size[0]):
                raise error
        except Exception as told:
            return told

    def _paint(self) -> None:
        flights: list[tuple[_Arrived, tuple[int, int]]] = []
        brushes: list[Brush] = []
        stage = live_stage(lambda frame: brushes.pop(), self._took, self._clock)
        for batch in stage(self._arriving(flights, brushes)):
            arrived, size = flights.pop()
            pixels = batch[0].pixels
            began = self._clock()
            if (pixels.shape[1], pixels.shape[0]) != size:
                pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR)
            jpeg = encode_jpeg(pixels, JPEG_QUALITY)
            now = self._clock()
            self._codec_seconds += _SLOWLY * (now - began)  # on top of decoding, whose turn lets it fade
            self._painted.tick()
            self._latency.add(now - arrived.began)
            self._on_answer(Answer(arrived.tag, "painted", jpeg))

    def _arriving(
        self, flights: list[tuple[_Arrived, tuple[int, int]]], brushes: list[Brush]
    ) -> Iterator[FrameBatch]:
        while not self._inbox.is_over:
            arrived = self._inbox.take(0.5)
            if arrived is None:
                continue
            began = self._clock()
            try:
                pixels = decode_jpeg(arrived.jpeg, most_side_px=MOST_SIDE_PX, least_side_px=LEAST_SIDE_PX)
            except StylereelError as error:
                self._tell_bad(arrived.tag, str(error))
                continue
            size = pixels.shape[1], pixels.shape[0]
            self._codec_seconds += _SLOWLY * (self._clock() - began - self._codec_seconds)
            brush, ready_for = self._brush_for(size)
            if size != ready_for:
                pixels = cv2.resize(pixels, ready_for, interpolation=cv2.INTER_AREA)
            flights.append((arrived, size))
            brushes.append(brush)
            yield [Frame(pixels, round((arrived.began - self._began) / _TICK), _TICK)]

    def _brush_for(self, size: tuple[int, int]) -> tuple[Brush, tuple[int, int]]:
        if self._state == "waiting":
            self._size, self._state = size, "loading"
            self._easel.ready(size, self._rate, measures=False)
            self._state = "live"
        elif size != self._size:
            self._size = size
            self._easel.resize(size)
        return self._easel.brush()

    def _took(self, seconds: float, scale: float) -> None:
        self._easel.took(seconds + self._codec_seconds, scale)

    def _tell_bad(self, tag: Any, reason: str) -> None:
        self._bad += 1
        self._on_answer(Answer(tag, "bad", reason=reason))

    def _tell(self, text: str) -> None:
        self._notice = text


def checked_frame(jpeg: bytes) -> bytes:
    """A frame as a session takes it, decoded and encoded again: whatever it was, it is a plain JPEG now.

    Raises:
        InputError, RefusedError: it is none, or too large.
    """
    pixels = decode_jpeg(jpeg, most_side_px=MOST_SIDE_PX, least_side_px=LEAST_SIDE_PX)
    return encode_jpeg(pixels, JPEG_QUALITY)


def jpeg_of(pixels: np.ndarray, quality: int = JPEG_QUALITY) -> bytes:
    """A painted frame, `(H, W, 3)` uint8 RGB, as the JPEG that browsers are sent; quality 0 to 100."""
    return encode_jpeg(pixels, quality)
