"""A look over a camera, a stream or a file, while it happens."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from stylereel.actions.live_control import ControlSocket
from stylereel.actions.live_easel import Easel, checked_settings
from stylereel.actions.live_report import LiveOutputStatus, LiveStatus, LiveSummary
from stylereel.actions.option_checks import check_size, checked_rate
from stylereel.actions.pipes import pipe_out
from stylereel.core.errors import OutputError, UsageError
from stylereel.inference.live_engine import LiveEngine
from stylereel.inference.live_stage import live_stage
from stylereel.inference.tiled_runner import memory_told
from stylereel.packs.store import Pack
from stylereel.video.live_address import LiveAddress
from stylereel.video.live_output import FileOutput, live_output
from stylereel.video.live_pace import LiveRun
from stylereel.video.live_programme import LiveOutput, Programme
from stylereel.video.live_source import OpenSource, open_live
from stylereel.video.pipe_input import is_pipe, parse_size

_FASTEST = Fraction(120)
_SMALLEST_SIDE_PX = 16
_MOST_NOTICES = 100
_STATUS_SECONDS = 0.25

OnStatus = Callable[[LiveStatus], object]
OnNotice = Callable[[str], object]


class LiveSession:
    """A live run that can be asked, changed and stopped from other threads while `run` is at work.

    Attributes:
        styles: the looks that were named, which `step_style` goes through.
        notices: sentences for the user, the latest hundred.
    """

    def __init__(
        self,
        input: str | Path,
        *,
        style: str | Sequence[str],
        outputs: Iterable[str | Path | LiveOutput] = ("null",),
        strength: float = 1.0,
        keep_colors: bool = False,
        stabilize: float = 0.0,
        target_fps: str | float | Fraction | None = None,
        max_side: int | None = None,
        adapt: bool = True,
        loop: bool = False,
        seconds: float | None = None,
        camera_size: str | tuple[int, int] | None = None,
        codec: str | None = None,
        quality: int | None = None,
        output_format: str | None = None,
        output_pixel_format: str | None = None,
        overwrite: bool = False,
        runner: str = "auto",
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
    ) -> None:
        """Check everything that can be checked before the source is opened; see `live` for what is what.

        Raises:
            UsageError, OutputError, EnvironmentMissingError, PackError: as those of `live`.
        """
        self._address = LiveAddress.parsed(input)
        settings = {"strength": strength, "keep_colors": keep_colors, "stabilize": stabilize}
        settings = checked_settings(settings)
        self._rate = checked_rate(target_fps)
        check_size(max_side)
        if seconds is not None and not seconds > 0:
            raise UsageError(f"seconds is {seconds}: above 0, or leave it out to run until the end.")
        if loop and self._address.kind != "file":
            raise UsageError("loop plays a file again and again: cameras and addresses go on by themselves.")
        if camera_size is not None and self._address.kind != "camera":
            raise UsageError("camera-size asks a camera for a size: use --max-side for files and addresses.")
        self._max_side, self._loop, self._seconds = max_side, loop, seconds
        self._camera_size = parse_size(camera_size, "camera-size")
        named = [str(output) for output in outputs if isinstance(output, str | Path)]
        to_pipe = next((name for name in named if is_pipe(name)), "")
        pipe = pipe_out(to_pipe, output_format, output_pixel_format)
        self._outputs = [
            live_output(output, codec=codec, quality=quality, overwrite=overwrite, pipe=pipe)
            if isinstance(output, str | Path)
            else output
            for output in outputs
        ]
        self._check_outputs(named, codec)
        self.styles = [style] if isinstance(style, str) else [str(name) for name in style]
        if not self.styles:
            raise UsageError("style is missing: name one, such as --style ukiyoe.")
        self._easel = Easel(
            self.styles,
            settings,
            runner=runner,
            device=device,
            threads=threads,
            precision=precision,
            adapt=adapt,
            tell=self._tell,
        )
        self.notices: list[str] = []
        self._on_notice: OnNotice | None = None
        self._engine: LiveEngine | None = None
        self._run: LiveRun | None = None
        self._stopping = threading.Event()
        self._programme = Programme((0, 0), Fraction(30))
        self._began = time.monotonic()

    def run(
        self,
        on_status: OnStatus | None = None,
        *,
        on_notice: OnNotice | None = None,
        control: str | Path | None = None,
    ) -> LiveSummary:
        """Run to the end of the source, to `stop`, to Ctrl-C, or until no output is left.

        Args:
            on_status: called four times a second from this thread.
            on_notice: takes sentences for the user as they come, from any thread.
            control: where a Unix socket is made that takes JSON (docs/live.md); gone when the run is over.

        Raises:
            VideoOpenError, MissingInputError, RefusedError: the source cannot be opened, or a file broke off.
            RunnerFailedError, MemoryShortError: the network failed; files are finished as far as they go.
            OutputError, EnvironmentMissingError: no output is left.
        """
        self._on_notice = on_notice
        source = self._open()
        try:
            engine = self._prepared(source)
        except BaseException:
            source.close()
            raise
        height, width = self._programme.size[::-1]
        self._began = time.monotonic()
        told_at = 0.0

        def watch() -> None:
            nonlocal told_at
            now = time.monotonic()
            if self._seconds is not None and now - self._began >= self._seconds:
                self.stop()
            if on_status is not None and now - told_at >= _STATUS_SECONDS:
                told_at = now
                on_status(self.status())

        with ControlSocket.at(control, self), memory_told(height, width):
            try:
                engine.run(watch, watch_seconds=0.05)
            finally:
                self._stopping.set()
                self._easel.close()
        return self._summary()

    def change(self, settings: Mapping[str, Any]) -> None:
        """Change what can be changed while it runs, from the next frame on; all of it, or none.

        Another style is made ready in the background, and the one before stays until it is.

        Args:
            settings: any of `style`, `strength`, `keep_colors`, `stabilize`.

        Raises:
            UsageError: an unknown setting, a value out of range, or no such style.
            PackError: the style is refused.
        """
        self._easel.change(settings)

    def step_style(self, by: int) -> str:
        """Go on to the next (1) or the previous (-1) of the looks that were named; returns its name."""
        wanted = self._easel.wanted
        at = self.styles.index(wanted) if wanted in self.styles else 0
        name = self.styles[(at + by) % len(self.styles)]
        self.change({"style": name})
        return name

    def stop(self) -> None:
        """End the run soon; files are finished."""
        self._stopping.set()

    def status(self) -> LiveStatus:
        """How it stands.

        Raises:
            UsageError: it has not begun.
        """
        engine, run = self._at_work
        easel = self._easel
        width, height = self._programme.size
        network_width, network_height = easel.network_size
        return LiveStatus(
            seconds=round(time.monotonic() - self._began, 3),
            style=easel.style,
            loading=easel.loading,
            **easel.settings,
            width=width,
            height=height,
            network_width=network_width,
            network_height=network_height,
            target_fps=float(self._programme.rate),
            fps_in=round(engine.frames_in.per_second, 2),
            fps_out=round(engine.frames_out.per_second, 2),
            latency_p50_ms=engine.latency.recent(0.5),
            latency_p95_ms=engine.latency.recent(0.95),
            frames_in=engine.frames_in.count,
            frames_out=engine.frames_out.count,
            dropped=engine.dropped,
            skipped=run.skipped,
            reconnects=run.reconnects,
            outputs=tuple(map(LiveOutputStatus.of, engine.lanes)),
            notice=self.notices[-1] if self.notices else "",
        )

    @property
    def _at_work(self) -> tuple[LiveEngine, LiveRun]:
        if self._engine is None or self._run is None:
            raise UsageError("This live run has not begun: call run, in a thread of its own, first.")
        return self._engine, self._run

    def _check_outputs(self, named: Sequence[str], codec: str | None) -> None:
        if not self._outputs:
            raise UsageError("outputs is empty: name at least one; null shows frames nowhere.")
        places = [name if "://" in name else os.path.abspath(name) for name in named]
        if len(set(places)) < len(places):
            raise UsageError("an output is named twice: each needs a name of its own.")
        if codec is not None and not any(isinstance(output, FileOutput) for output in self._outputs):
            raise UsageError("codec is for files: streams are h264, and none of the outputs is a file.")
        if self._address.kind == "file" and os.path.abspath(self._address.text) in places:
            raise OutputError(f"the output {self._address.text} is the input itself, which would be lost.")

    def _open(self) -> OpenSource:
        return open_live(self._address, max_side=self._max_side, camera_size=self._camera_size)

    def _prepared(self, source: OpenSource) -> LiveEngine:
        """All parts, ready to run."""
        facts = source.facts
        rate = min(facts.rate, _FASTEST)
        rate = rate if self._rate is None else min(self._rate, rate)
        size = _even(facts.size[0]), _even(facts.size[1])
        self._programme = Programme(size, rate, facts.sample_aspect_ratio, _credits(self._easel.packs))
        self._easel.ready(size, float(rate), measures=True)
        self._run = LiveRun(
            source,
            self._open,
            comes_back=self._address.comes_back,
            is_paced=self._address.is_paced,
            size=size,
            loop=self._loop,
            rate=None if self._rate is None else rate,
            clock=time.monotonic,
            wait=self._stopping.wait,
            tell=self._tell,
        )
        self._engine = LiveEngine(
            self._run.frames(),
            live_stage(lambda frame: self._easel.brush()[0], self._took),
            self._outputs,
            self._programme,
            stopping=self._stopping,
        )
        return self._engine

    def _took(self, seconds: float, scale: float) -> None:
        self._easel.took(seconds, scale)

    def _tell(self, text: str) -> None:
        self.notices = [*self.notices, text][-_MOST_NOTICES:]
        if self._on_notice is not None:
            self._on_notice(text)

    def _summary(self) -> LiveSummary:
        engine, run = self._at_work
        stylizer, steps = self._easel.stylizer, self._easel.steps
        seconds = (engine.ended_at or time.monotonic()) - self._began
        frames_in, frames_out = engine.frames_in.count, engine.frames_out.count
        card = stylizer.card
        if card.license_is_unknown:
            self._tell(
                f"The licence of the pictures behind the style '{card.name}' is unknown: find out before you "
                "publish what it makes."
            )
        return LiveSummary(
            input=self._address.shown,
            style=self._easel.style,
            license=card.license,
            seconds=round(seconds, 3),
            frames_in=frames_in,
            frames_out=frames_out,
            dropped=engine.dropped,
            dropped_share=round(engine.dropped / frames_in, 5) if frames_in else 0.0,
            skipped=run.skipped,
            reconnects=run.reconnects,
            fps_in=round(frames_in / seconds, 2),
            fps_out=round(frames_out / seconds, 2),
            latency_p50_ms=engine.latency.percentile(0.5),
            latency_p95_ms=engine.latency.percentile(0.95),
            width=self._programme.size[0],
            height=self._programme.size[1],
            size_steps=0 if steps is None else steps.steps,
            runner=stylizer.runner.name,
            device=stylizer.runner.device,
            precision=stylizer.runner.precision,
            outputs=tuple(map(LiveOutputStatus.of, engine.lanes)),
            notices=tuple(self.notices),
        )


def live(
    input: str | Path,
    *,
    style: str | Sequence[str],
    outputs: Iterable[str | Path | LiveOutput] = ("null",),
    on_status: OnStatus | None = None,
    on_notice: OnNotice | None = None,
    control: str | Path | None = None,
    **options: Any,
) -> LiveSummary:
    """Lay a look over a source in real time: what is late is dropped and counted, never queued.

    Args:
        input: "camera:0", an address (rtmp, rtsp, http, udp, HLS), or a video that is played at its own pace.
        style: a pack's name or folder, `PACK:LOOK` or a mixture; or several, to go through while it runs.
        outputs: any of a video's name (.mp4, .mkv, .mov, .webm), `folder/index.m3u8` for HLS, `rtmp://...`,
            "-" for stdout, "camera" or "camera:DEVICE" for a virtual camera, and "null".
        on_status: called four times a second.
        on_notice: takes sentences for the user as they come, from any thread.
        control: where a Unix socket is made that takes JSON (docs/live.md).
        **options: strength (0 to 1), keep_colors, stabilize (0 to 1); target_fps, the rate to hold, at most
            the source's; max_side, px, of the frames; adapt=False keeps the network at the whole frame
            where it cannot hold the rate; loop, a file again and again; seconds, to stop after; camera_size,
            "1280x720"; codec and quality of files; output_format and output_pixel_format of stdout;
            overwrite; runner, device, threads and precision as those of `stylize`.

    Returns:
        What was done. An output that failed while others went on is in it, and not raised.

    Raises:
        UsageError: an option that cannot be right.
        InputError: the source cannot be opened, or no output is left.
        RunnerFailedError: the network failed; files are finished as far as they go.
        EnvironmentMissingError: a runner, device or plug-in is absent.
        RefusedError: a pack or the source is refused.
    """
    return LiveSession(input, style=style, outputs=outputs, **options).run(
        on_status, on_notice=on_notice, control=control
    )


def _even(side: int) -> int:
    return max(_SMALLEST_SIDE_PX, side - side % 2)


def _credits(packs: Iterable[Pack]) -> dict[str, str]:
    """What a file's metadata says of how it was made."""
    named = dict.fromkeys(
        f"'{pack.card.name}' version {pack.card.version}, licence of its pictures: {pack.card.license}"
        for pack in packs
    )
    return {"comment": f"Stylised live with Stylereel, in the style of {'; '.join(named)}"}
