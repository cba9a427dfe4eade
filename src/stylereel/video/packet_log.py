"""Encoded packets on disk, exactly as the encoder gave them: what a finished part of a video is kept in.

A container would do, if there were one that holds every codec and every clock: Matroska rounds times to
milliseconds, MP4 knows no FFV1, NUT makes decoding times up. So a part is a plain row of packets.

    magic, length of the header (4 bytes), header (JSON), then for each packet
    pts, dts, duration (8 bytes each, ticks), 1 for a keyframe (1 byte), size (4 bytes), payload

All numbers are little-endian. The hash of the whole file stands in the part's record (`parts.py`).
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from stylereel.core.errors import ResumeError

_MAGIC = b"stylereel packets 1\n"
_HEAD = struct.Struct("<qqqBI")
_LENGTH = struct.Struct("<I")
_UNSAID = -(1 << 63)
_MOST_HEADER_BYTES = 1 << 16


@dataclass(frozen=True)
class PacketFile:
    """A finished file of packets.

    Attributes:
        name: of the file.
        bytes: its size.
        sha256: of its content, hexadecimal.
    """

    name: str
    bytes: int
    sha256: str


class PacketWriter:
    """Writes one part under a temporary name that becomes `path` when it is whole and on the disk."""

    def __init__(self, path: Path, *, tick: Fraction, extradata: bytes) -> None:
        """`tick`: seconds per tick of the packets; `extradata`: the encoder's header, kept as a hash."""
        self._path, self._partial = path, path.with_name(f"{path.name}.partial")
        self._hash, self._bytes = hashlib.sha256(), 0
        self._file = self._partial.open("wb")
        facts = {"tick": str(tick), "header": hashlib.sha256(extradata).hexdigest()}
        header = json.dumps(facts).encode()
        self._write(_MAGIC + _LENGTH.pack(len(header)) + header)

    def write(self, packet: Any) -> None:
        """Add one packet."""
        payload = bytes(packet)
        times = (_UNSAID if ticks is None else ticks for ticks in (packet.pts, packet.dts))
        self._write(_HEAD.pack(*times, packet.duration or 0, packet.is_keyframe, len(payload)) + payload)

    def finish(self) -> PacketFile:
        """Bring all to the disk and give the file its name."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.replace(self._partial, self._path)
        return PacketFile(self._path.name, self._bytes, self._hash.hexdigest())

    def abort(self) -> None:
        """Remove what was written."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)


def read_packets(path: Path, *, tick: Fraction, extradata: bytes) -> Iterator[av.Packet]:
    """The packets of a part, one at a time.

    Raises:
        ResumeError: the file is missing or damaged, or its encoder is not the one whose header is given.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise _damaged(path)
            (length,) = _LENGTH.unpack(_exactly(file, _LENGTH.size, path))
            if length > _MOST_HEADER_BYTES:
                raise _damaged(path)
            facts = json.loads(_exactly(file, length, path))
            if facts != {"tick": str(tick), "header": hashlib.sha256(extradata).hexdigest()}:
                raise ResumeError(
                    f"{path} was encoded in another way than this run would: begin anew with --overwrite."
                )
            while head := file.read(_HEAD.size):
                if len(head) < _HEAD.size:
                    raise _damaged(path)
                pts, dts, duration, is_keyframe, size = _HEAD.unpack(head)
                packet: Any = av.Packet(_exactly(file, size, path))
                packet.pts, packet.dts = (None if ticks == _UNSAID else ticks for ticks in (pts, dts))
                packet.duration, packet.time_base = duration, tick
                packet.is_keyframe = bool(is_keyframe)
                yield packet
    except FileNotFoundError as error:
        raise ResumeError(f"{path} is missing: begin anew with --overwrite.") from error
    except ValueError as error:
        if isinstance(error, ResumeError):
            raise
        raise _damaged(path) from error


def _exactly(file: Any, size: int, path: Path) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _damaged(path)
    return data


def _damaged(path: Path) -> ResumeError:
    return ResumeError(f"{path} is damaged: begin anew with --overwrite.")
