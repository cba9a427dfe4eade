"""What every output of a live run shows, and what every one of them can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from stylereel.core.color import SDR_VIDEO
from stylereel.core.frames import Frame
from stylereel.video.info import SourceInfo

LIVE_TICK = Fraction(1, 90_000)
"""Of the clock that files and HLS count in."""
SHORT_PATIENCE_SECONDS = 5.0
"""How long the end of a run waits for an output that somebody else may block."""


@dataclass(frozen=True)
class Programme:
    """What all outputs of a run show.

    Attributes:
        size: `(width, height)`, px.
        rate: frames per second that are expected; those that come may be fewer.
        sample_aspect_ratio: width over height of a pixel.
        metadata: to be written into files.
    """

    size: tuple[int, int]
    rate: Fraction
    sample_aspect_ratio: Fraction = Fraction(1)
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def info(self) -> SourceInfo:
        """The same for a `FrameWriter`: BT.709 whose frames may come at any time."""
        return SourceInfo(
            path=Path("live"),
            kind="video",
            width=self.size[0],
            height=self.size[1],
            sample_aspect_ratio=self.sample_aspect_ratio,
            frame_rate=self.rate,
            time_base=LIVE_TICK,
            frame_count_estimate=None,
            duration_seconds=None,
            is_variable_rate=True,
            color=SDR_VIDEO,
            frame_color=SDR_VIDEO,
            bit_depth=8,
            has_alpha=False,
            codec="rawvideo",
            container="live",
            rotation=0,
            audio_streams=0,
            subtitle_streams=0,
        )


class LiveOutput(Protocol):
    """One place that live frames go to, driven by one thread.

    Attributes:
        name: for people, without secrets.
        comes_back: where it fails it is opened again after a while; else it is given up.
        patience_seconds: how long the end of a run waits for it; None for as long as it takes.
    """

    @property
    def name(self) -> str: ...
    @property
    def comes_back(self) -> bool: ...
    @property
    def patience_seconds(self) -> float | None: ...

    def open(self, programme: Programme) -> None:
        """Make ready; may take long.

        Raises:
            OutputError, EnvironmentMissingError: it cannot be used.
        """
        ...

    def write(self, frame: Frame) -> None:
        """Show a frame; may take long.

        Raises:
            OutputError: it cannot be written any more.
            BrokenPipeError: whoever read it has left.
        """
        ...

    def close(self) -> None:
        """Finish what was begun; errors as those of `write`."""
        ...

    def abandon(self) -> None:
        """Called from another thread when patience is over; never fails."""
        ...
