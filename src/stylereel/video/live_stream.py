"""Frames into a stream that is watched while it is made: H.264 that holds nothing back."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

from stylereel.core.color import SDR_VIDEO
from stylereel.core.frames import Frame
from stylereel.video.codecs import CODECS, check_quality, encoder_settings
from stylereel.video.encoder import Ticker, VideoEncoder
from stylereel.video.info import SourceInfo

KEYFRAME_SECONDS = 2
_MOST_BITS_PER_PX = 0.15
"""Held on average over a second, so that a busy look clogs no uplink: 1 Mbit/s at 640x360 and 30 fps."""


class StreamEncoder:
    """One muxer with one H.264 stream; who joins waits for a keyframe, of which one comes each 2 s."""

    def __init__(
        self, muxer: Any, info: SourceInfo, size: tuple[int, int], tick: Fraction, quality: int | None
    ) -> None:
        """Open the encoder.

        Args:
            muxer: an open container, which `close` closes.
            info: rate and aspect.
            size: `(width, height)` of the frames, px, even.
            tick: seconds per tick of the container's clock.
            quality: 0 to 100; None for the default.

        Raises:
            EnvironmentMissingError: this FFmpeg build has no such encoder.
        """
        codec = CODECS["h264"]
        settings = encoder_settings(codec, check_quality(quality), size, b_frames=False)
        most = str(round(_MOST_BITS_PER_PX * size[0] * size[1] * float(info.frame_rate)))
        options = {name: value for name, value in settings.options.items() if name != "x264-params"}
        options |= {"tune": "zerolatency", "g": str(max(1, round(KEYFRAME_SECONDS * info.frame_rate)))}
        options |= {"maxrate": most, "bufsize": most}
        self._muxer, self._ticker = muxer, Ticker(tick)
        self._begins: Fraction | None = None
        self._encoder = VideoEncoder(
            muxer,
            codec,
            replace(settings, options=options),
            SDR_VIDEO,
            size=size,
            tick=tick,
            info=info,
        )

    def write(self, frame: Frame) -> None:
        """Encode and send a frame at once; times count from the first one."""
        seconds = frame.pts * frame.time_base
        self._begins = seconds if self._begins is None else self._begins
        for packet in self._encoder.encode_now(frame, self._ticker(seconds - self._begins)):
            self._muxer.mux(packet)

    def close(self) -> None:
        """Send what is left and close the container."""
        for packet in self._encoder.flush():
            self._muxer.mux(packet)
        self._muxer.close()
