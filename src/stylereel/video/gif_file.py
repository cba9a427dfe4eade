"""Last touches to a finished GIF that FFmpeg's muxer has no way to make: the last delay, a comment."""

from __future__ import annotations

from pathlib import Path

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9


def finish_gif(path: Path, last_delay_ticks: int, comment: str = "") -> None:
    """Set how long the last picture stays and add a comment, in place.

    Args:
        path: a whole GIF file.
        last_delay_ticks: hundredths of a second, cut to 65535.
        comment: text, written as a comment extension (GIF89a section 24) when not empty.
    """
    with path.open("r+b") as file:
        control, trailer = _last_control_and_trailer(file)
        if control is not None:
            file.seek(control)
            file.write(min(last_delay_ticks, 0xFFFF).to_bytes(2, "little"))
        if comment and trailer is not None:
            data = comment.encode()
            blocks = b"".join(
                bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255)
            )
            file.seek(trailer)
            file.write(b"\x21\xfe" + blocks + b"\0" + bytes([_TRAILER]))


def _last_control_and_trailer(file) -> tuple[int | None, int | None]:
    """Offsets of the last graphic control's delay and of the trailer byte, by walking the blocks."""
    header = file.read(13)
    file.seek(_table_bytes(header[10]), 1)
    control = None
    while block := file.read(1):
        kind = block[0]
        if kind == _TRAILER:
            return control, file.tell() - 1
        if kind == _EXTENSION:
            if file.read(1)[0] == _GRAPHIC_CONTROL:
                control = file.tell() + 2
        elif kind == _IMAGE:
            file.seek(_table_bytes(file.read(9)[8]) + 1, 1)
        else:
            return control, None
        while size := (file.read(1) or b"\0")[0]:
            file.seek(size, 1)
    return control, None


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
