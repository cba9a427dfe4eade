"""What is told of a live run: while it lasts, and when it is over."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from stylereel.inference.live_engine import OutputLane


@dataclass(frozen=True)
class LiveOutputStatus:
    """How one output stands.

    Attributes:
        name: as it was given; of an address the host alone.
        state: "opening", "live", "waiting" (for its server), or at last "finished", "failed", "left" or
            "abandoned".
        frames: written.
        dropped: frames that it was too late for, or not there for.
        latency_p50_ms: from the source to having been written, of half of them; None without any.
        latency_p95_ms: of 95 % of them.
        reason: why it failed or waits, or "".
    """

    name: str
    state: str
    frames: int
    dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    reason: str

    @classmethod
    def of(cls, lane: OutputLane) -> LiveOutputStatus:
        """From the engine's own."""
        p50, p95 = (lane.latency.percentile(share) for share in (0.5, 0.95))
        return cls(lane.output.name, lane.state, lane.frames, lane.dropped, p50, p95, lane.reason)


@dataclass(frozen=True)
class LiveStatus:
    """One moment of a live run; pace and latency are those of the last five seconds.

    Attributes:
        seconds: since it began.
        style: the look at work.
        loading: the look that is being made ready, or None.
        strength, keep_colors, stabilize: at work.
        width: of the frames, pixels.
        height: of the frames, pixels.
        network_width: of what the network sees, pixels.
        network_height: of what the network sees, pixels.
        target_fps: that is to be held.
        fps_in: of the source.
        fps_out: painted.
        latency_p50_ms: from the source to an output having written it, over all outputs; None at first.
        latency_p95_ms: of 95 % of them.
        frames_in: so far.
        frames_out: so far.
        dropped: frames that were late for the look.
        skipped: frames that were left out since `target_fps` is lower than the source's rate.
        reconnects: how often the source came back.
        outputs: each one.
        notice: the last sentence for the user, or "".
    """

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
    skipped: int
    reconnects: int
    outputs: tuple[LiveOutputStatus, ...]
    notice: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class LiveSummary:
    """What `live` did; pace and latency are those of the whole run.

    Attributes:
        input: what was read; of an address the host alone.
        style: the look at the end.
        license: licence of the pictures behind it, "unknown" where not stated.
        seconds: from the first frame to the end.
        frames_in, frames_out, dropped, skipped, reconnects: see `LiveStatus`.
        dropped_share: of the frames that came, 0 to 1.
        fps_in: frames of the source by seconds.
        fps_out: painted frames by seconds.
        latency_p50_ms, latency_p95_ms: see `LiveStatus`.
        width: of the frames, pixels.
        height: of the frames, pixels.
        size_steps: how often the size that the network sees was changed.
        runner: that executed the network.
        device: that it ran on.
        precision: that it computed with.
        outputs: each one.
        notices: sentences for the user, at most a hundred.
    """

    input: str
    style: str
    license: str
    seconds: float
    frames_in: int
    frames_out: int
    dropped: int
    dropped_share: float
    skipped: int
    reconnects: int
    fps_in: float
    fps_out: float
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    width: int
    height: int
    size_steps: int
    runner: str
    device: str
    precision: str
    outputs: tuple[LiveOutputStatus, ...]
    notices: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @property
    def failed(self) -> tuple[LiveOutputStatus, ...]:
        """The outputs that did not get to the end."""
        return tuple(output for output in self.outputs if output.state in ("failed", "abandoned"))
