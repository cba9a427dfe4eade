"""Outputs that are watched while they are made: an HLS folder, an RTMP server, a virtual camera."""

from __future__ import annotations

import contextlib
import importlib
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from stylereel.core.errors import EnvironmentMissingError, OutputError, UsageError
from stylereel.core.frames import Frame
from stylereel.video.live_programme import LIVE_TICK, SHORT_PATIENCE_SECONDS, Programme
from stylereel.video.live_relay import Relay
from stylereel.video.live_stream import StreamEncoder
from stylereel.video.staging import writing

FLV_TICK = Fraction(1, 1000)
HLS_SECONDS, HLS_SEGMENTS = 2, 6


class HlsOutput:
    """A folder that a browser or player reads while it is written: `index.m3u8` and the last segments."""

    comes_back, patience_seconds = False, SHORT_PATIENCE_SECONDS

    def __init__(self, playlist: Path, *, quality: int | None, overwrite: bool) -> None:
        self.name = str(playlist)
        self._playlist, self._quality = playlist, quality
        folder = playlist.resolve().parent
        if playlist.exists() and not overwrite:
            raise OutputError(f"{playlist} exists. Choose another folder, or add --overwrite to replace it")
        if not folder.exists() and not folder.parent.is_dir():
            raise OutputError(
                f"cannot write {playlist}: the folder {folder.parent} does not exist. Make it first"
            )
        if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
            raise OutputError(f"cannot write {playlist}: {folder} is no folder that you may write to")
        self._stream: StreamEncoder | None = None
        self._muxer: Any = None

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""
        folder = self._playlist.resolve().parent
        options = {
            "hls_time": str(HLS_SECONDS),
            "hls_list_size": str(HLS_SEGMENTS),
            "hls_flags": "delete_segments+independent_segments+temp_file",
            "hls_segment_filename": str(folder / f"{self._playlist.stem}-%06d.ts"),
        }
        with writing(self._playlist):
            folder.mkdir(exist_ok=True)
            self._muxer = av.open(str(folder / self._playlist.name), "w", format="hls", options=options)
            self._stream = StreamEncoder(
                self._muxer, programme.info, programme.size, LIVE_TICK, self._quality
            )

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""
        assert self._stream is not None
        with writing(self._playlist):
            self._stream.write(frame)

    def close(self) -> None:
        """See `LiveOutput.close`."""
        if self._stream is not None:
            with writing(self._playlist):
                self._stream.close()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""


class RtmpOutput:
    """A stream to an RTMP server, through a process of its own; connected again where the server leaves."""

    comes_back, patience_seconds = True, SHORT_PATIENCE_SECONDS

    def __init__(self, address: str, *, quality: int | None) -> None:
        host = address.partition("://")[2].partition("/")[0].rpartition("@")[2]
        if not host:
            raise UsageError(f"output {address!r}: expected rtmp://HOST/APP/KEY.")
        self.name = f"{address.partition('://')[0]}://{host}/..."
        self._address, self._quality = address, quality
        self._relay: Relay | None = None
        self._stream: StreamEncoder | None = None

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""
        self.abandon()
        self._relay = Relay(self._address, self.name)
        muxer: Any = av.open(
            self._relay, "w", format="flv", options={"flvflags": "no_duration_filesize", "flush_packets": "1"}
        )
        self._stream = StreamEncoder(muxer, programme.info, programme.size, FLV_TICK, self._quality)

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""
        assert self._stream is not None and self._relay is not None
        with self._relay.told():
            self._stream.write(frame)

    def close(self) -> None:
        """See `LiveOutput.close`."""
        if self._stream is not None and self._relay is not None:
            with self._relay.told():
                self._stream.close()
                self._relay.finish()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""
        if self._relay is not None:
            self._relay.kill()


class VirtualCamera:
    """A camera that other programs see, by pyvirtualcam and a device such as v4l2loopback's."""

    comes_back, patience_seconds = False, SHORT_PATIENCE_SECONDS

    def __init__(self, device: str | None) -> None:
        self.name = "camera" if device is None else f"camera:{device}"
        self._device = device
        self._camera: Any = None
        try:
            self._library = importlib.import_module("pyvirtualcam")
        except ImportError as error:
            raise EnvironmentMissingError(
                "A virtual camera needs pyvirtualcam, which is not installed: pip install pyvirtualcam. It "
                "also needs a device: v4l2loopback on Linux (sudo modprobe v4l2loopback), OBS on macOS and "
                "Windows."
            ) from error

    def open(self, programme: Programme) -> None:
        """See `LiveOutput.open`."""
        width, height = programme.size
        try:
            self._camera = self._library.Camera(
                width, height, float(programme.rate), fmt=self._library.PixelFormat.RGB, device=self._device
            )
        except (RuntimeError, OSError, ValueError) as error:
            raise EnvironmentMissingError(
                f"No virtual camera can be opened ({error}). On Linux load one: sudo modprobe v4l2loopback "
                "exclusive_caps=1; on macOS and Windows install OBS and start its virtual camera once."
            ) from error

    def write(self, frame: Frame) -> None:
        """See `LiveOutput.write`."""
        try:
            self._camera.send(frame.pixels)
        except (RuntimeError, OSError) as error:
            raise OutputError(f"the virtual camera {self.name} takes no more frames: {error}") from error

    def close(self) -> None:
        """See `LiveOutput.close`."""
        if self._camera is not None:
            self._camera.close()

    def abandon(self) -> None:
        """See `LiveOutput.abandon`."""
        with contextlib.suppress(Exception):
            self.close()
