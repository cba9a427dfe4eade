"""Last touches to a finished GIF that FFmpeg's muxer has no way to make: the last delay, a comment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9


def finish_gif(path: Path, last_delay_ticks: int, comment: str = "") -> None:
    """Set how long the last picture stays and add a comment.

    Args:
        path: a whole GIF file, changed in place.
        last_delay_ticks: hundredths of a second, cut to 65535.
        comment: text, written as a comment extension (GIF89a section 24) before the first picture.
    """
    with path.open("r+b") as file:
        control = _last_control(file)
        if control is not None:
            file.seek(control)
            file.write(min(last_delay_ticks, 0xFFFF).to_bytes(2, "little"))
    if comment:
        _insert_comment(path, comment.encode())


def _last_control(file: BinaryIO) -> int | None:
    """Offset of the last graphic control's delay, by walking the blocks."""
    _skip_header(file)
    control = None
    while (block := file.read(1)) and block[0] != _TRAILER:
        if block[0] == _EXTENSION:
            if file.read(1)[0] == _GRAPHIC_CONTROL:
                control = file.tell() + 2
        elif block[0] == _IMAGE:
            file.seek(_table_bytes(file.read(9)[8]) + 1, 1)
        else:
            break
        while size := (file.read(1) or b"\0")[0]:
            file.seek(size, 1)
    return control


def _insert_comment(path: Path, text: bytes) -> None:
    blocks = b"".join(bytes([len(text[i : i + 255])]) + text[i : i + 255] for i in range(0, len(text), 255))
    longer = path.with_name(f"{path.name}.longer")
    try:
        with path.open("rb") as file, longer.open("wb") as target:
            _skip_header(file)
            head = file.tell()
            file.seek(0)
            target.write(file.read(head) + b"\x21\xfe" + blocks + b"\0")
            shutil.copyfileobj(file, target, 1 << 20)
        os.replace(longer, path)
    finally:
        longer.unlink(missing_ok=True)


def _skip_header(file: BinaryIO) -> None:
    file.seek(0)
    header = file.read(13)
    file.seek(_table_bytes(header[10]), 1)


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
