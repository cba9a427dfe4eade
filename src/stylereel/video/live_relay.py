"""Sends a stream to an RTMP server from a process of its own.

FFmpeg's connecting blocks every thread of a Python process while it lasts, and a server that does not answer
makes it last for minutes. So the packets go through a pipe into a child that does nothing else: it may hang,
and be killed, while frames go on. The address comes through the pipe as well, since it holds the stream's
key and a command line can be seen by everybody on the machine.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import av

from stylereel.core.errors import OutputError

STUCK_SECONDS = 10.0
"""So long may the server take nothing until it counts as gone."""
_LONGEST_LINE = 4096


class Relay:
    """The child and the pipe into it: a binary file for PyAV to write FLV to."""

    def __init__(self, address: str, name: str) -> None:
        """Start the child; whether the server answers shows when it is written to.

        Args:
            address: of the server, with what is secret.
            name: for people, without it.
        """
        self._name = name
        self.failure: OutputError | None = None
        self._child = subprocess.Popen(
            [sys.executable, "-m", "stylereel.video.live_relay"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C ends the run, which then ends the stream as it should be
        )
        assert self._child.stdin is not None
        self._into = self._child.stdin.fileno()
        if os.name == "posix":
            os.set_blocking(self._into, False)
        self.write(address.encode() + b"\n")

    def write(self, data: bytes) -> int:
        """Send bytes; what PyAV calls.

        Raises:
            OutputError: the child ended, or nothing was taken for `STUCK_SECONDS`.
        """
        rest = memoryview(data)
        deadline = time.monotonic() + STUCK_SECONDS
        while rest:
            if os.name == "posix" and not select.select([], [self._into], [], 0.5)[1]:
                if time.monotonic() > deadline:
                    raise self._failed("it takes nothing any more")
                continue
            try:
                sent = os.write(self._into, rest)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self._failed(None) from error
            rest, deadline = rest[sent:], time.monotonic() + STUCK_SECONDS
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back; what PyAV calls."""

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Whatever goes wrong within is the relay's failure: FFmpeg says only that writing failed."""
        try:
            yield
        except OutputError:
            raise
        except Exception as error:
            raise self.failure or self._failed(str(error)) from error

    def finish(self) -> None:
        """Close the pipe and wait until the child has sent what is in it.

        Raises:
            OutputError: the server did not take it.
        """
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        try:
            self._child.wait(STUCK_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        if self._child.returncode:
            raise self._failed(None)

    def kill(self) -> None:
        """End the child, whatever it is at; never fails."""
        with contextlib.suppress(OSError):
            self._child.kill()

    def _failed(self, reason: str | None) -> OutputError:
        self.kill()
        if reason is None:
            said = self._child.stderr.read().decode(errors="replace") if self._child.stderr else ""
            reason = " ".join(said.split())[-300:] or "the connection broke off"
        self.failure = OutputError(f"the server of {self._name} does not take the stream: {reason}")
        return self.failure


def relay() -> None:
    """What the child does: the address from stdin's first line, then FLV, each packet sent as it comes."""
    incoming: Any = open(0, "rb", buffering=0)  # noqa: SIM115
    address = incoming.readline(_LONGEST_LINE).decode().rstrip("\n")
    # No "nobuffer" here: it would throw away what is looked at first, and with it the first keyframe.
    options = {"analyzeduration": "500000", "probesize": "100000"}
    opened: Any = av.open(incoming, "r", format="flv", options=options)
    with opened as source:
        video = source.streams.video[0]
        with av.open(address, "w", format="flv", options={"flvflags": "no_duration_filesize"}) as server:
            stream = server.add_stream_from_template(video)
            for packet in source.demux(video):
                if packet.dts is None:
                    continue
                packet.stream = stream
                server.mux(packet)


if __name__ == "__main__":
    try:
        relay()
    except Exception as error:
        text = getattr(error, "strerror", None) or type(error).__name__
        raise SystemExit(f"{text}") from None
