"""Writes frames as pictures: one file, or a folder of them with the names of their sources."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from stylereel.core.errors import OutputError
from stylereel.core.frames import Frame
from stylereel.core.pixels import from_deep, lay_over, to_deep
from stylereel.video import exr
from stylereel.video.parts import Parts, sync_folder
from stylereel.video.picture import BACKDROP
from stylereel.video.staging import StagedFile, StagedFolder, writing

_PNG_HEADER_BYTES = 33  # signature (8) and the IHDR chunk (25)


ALPHA_ENDINGS = (".png", ".tif", ".tiff", ".webp", exr.ENDING)
DEEP_ENDINGS = (".png", ".tif", ".tiff", exr.ENDING)


def encode_frame(frame: Frame, ending: str, quality: int, metadata: Mapping[str, str], bits: int) -> bytes:
    """A frame as the bytes of a picture file, with what of it the file can hold.

    Args:
        frame: where it has an opacity that the file cannot hold, it is laid over white.
        ending, quality, metadata: see `encode_image`.
        bits: 8, or 16 where `ending` is one of `DEEP_ENDINGS`.
    """
    ending = ending.lower()
    pixels = frame.pixels if bits == 8 or frame.deep is None else frame.deep
    if frame.alpha is not None and ending not in ALPHA_ENDINGS:
        pixels = lay_over(pixels, frame.alpha, BACKDROP)
    if ending == exr.ENDING:
        return exr.encode_exr(pixels if pixels.dtype == np.uint16 else to_deep(pixels, 8), frame.alpha)
    if bits > 8:
        pixels = from_deep(pixels if pixels.dtype == np.uint16 else to_deep(pixels, 8), bits)
    if frame.alpha is not None and ending in ALPHA_ENDINGS:
        pixels = np.dstack([pixels, from_deep(frame.alpha, bits)])
    return encode_image(pixels, ending, quality, metadata)


def encode_image(pixels: np.ndarray, ending: str, quality: int, metadata: Mapping[str, str]) -> bytes:
    """One picture as the bytes of a file.

    Args:
        pixels: `(H, W, 3)` uint8 RGB, sRGB; `(H, W, 4)` RGBA for `ALPHA_ENDINGS`; uint16 of full scale for
            `DEEP_ENDINGS`.
        ending: of the file name with its dot, any case: one of `IMAGE_ENDINGS`.
        quality: 0..100; JPEG's and WebP's own scale. 100 is lossless for WebP. PNG, BMP and TIFF always are.
        metadata: written as PNG text chunks, a JPEG comment or XMP in WebP; BMP and TIFF hold none.

    Raises:
        OutputError: the encoder refused (WebP: sides over 16383 px, JPEG: over 65535).
    """
    ending = ending.lower()
    parameters: list[int] = []
    if ending in (".jpg", ".jpeg"):
        # Full chroma resolution from the quality on at which people look for it.
        sampling = (
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if quality >= 75 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
        )
        own = max(1, min(100, quality + round((100 - quality) * 0.68)))
        parameters = [cv2.IMWRITE_JPEG_QUALITY, own, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    elif ending == ".webp":
        parameters = [cv2.IMWRITE_WEBP_QUALITY, 101 if quality == 100 else max(1, quality)]
    try:
        done, encoded = cv2.imencode(ending, _as_opencv_has_it(pixels), parameters)
    except cv2.error as error:
        done, reason = False, str(error).strip()
    else:
        reason = "the encoder gave no reason"
    if not done:
        height, width = pixels.shape[:2]
        raise OutputError(f"cannot encode a picture of {width}x{height} as {ending}: {reason}. Try .png")
    return _with_metadata(encoded.tobytes(), ending, metadata, (pixels.shape[1], pixels.shape[0]))


def _as_opencv_has_it(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR)


def _with_metadata(data: bytes, ending: str, metadata: Mapping[str, str], size: tuple[int, int]) -> bytes:
    if not metadata:
        return data
    if ending == ".png":
        chunks = b"".join(_png_text(key, value) for key, value in metadata.items())
        return data[:_PNG_HEADER_BYTES] + chunks + data[_PNG_HEADER_BYTES:]
    if ending in (".jpg", ".jpeg"):
        text = "\n".join(f"{key}: {value}" for key, value in metadata.items()).encode()[:65000]
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + data[2:]
    if ending == ".webp":
        return _webp_with_xmp(data, metadata, size)
    return data


def _png_text(key: str, value: str) -> bytes:
    """An iTXt chunk (PNG specification 11.3.3.4): UTF-8, not compressed."""
    keyword = key.encode("latin-1", "replace")[:79]
    body = b"iTXt" + keyword + b"\0\0\0\0\0" + value.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _webp_with_xmp(data: bytes, metadata: Mapping[str, str], size: tuple[int, int]) -> bytes:
    """The extended WebP layout (RIFF container: VP8X, the picture's chunk, XMP)."""
    from xml.sax.saxutils import escape

    text = escape("\n".join(f"{key}: {value}" for key, value in metadata.items()))
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>'
        f'<rdf:li xml:lang="x-default">{text}</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF>'
        "</x:xmpmeta>"
    ).encode()
    if data[12:16] == b"VP8X":  # as pictures with transparency are: it then says that XMP follows
        body = data[8:20] + bytes([data[20] | 0x04]) + data[21:] + _riff(b"XMP ", xmp)
        return b"RIFF" + struct.pack("<I", len(body)) + body
    width, height = size
    has_alpha = data[12:16] == b"VP8L" and data[24] & 0x10  # lossless pictures say it themselves
    header = (
        bytes([0x14 if has_alpha else 0x04, 0, 0, 0])
        + (width - 1).to_bytes(3, "little")
        + (height - 1).to_bytes(3, "little")
    )
    body = b"WEBP" + _riff(b"VP8X", header) + data[12:] + _riff(b"XMP ", xmp)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _riff(name: bytes, payload: bytes) -> bytes:
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) % 2)


class ImageFileOutput:
    """One picture file; exactly one frame."""

    def __init__(self, output: Path, quality: int, metadata: Mapping[str, str], bits: int = 8) -> None:
        self._output, self._quality, self._metadata, self._bits = output, quality, metadata, bits
        self._file = StagedFile(output)
        self._written = False
        self.notices: list[str] = []

    def write(self, frame: Frame) -> None:
        """Write the picture."""
        if self._written:
            raise OutputError(
                f"{self._output} is a single picture but there are more frames. Let the output be a folder, "
                "a .gif or a video"
            )
        data = encode_frame(frame, self._output.suffix, self._quality, self._metadata, self._bits)
        with writing(self._output):
            self._file.path.write_bytes(data)
        self._written = True

    def finish(self, *, overwrite: bool) -> int:
        """Publish the file; returns its bytes."""
        return self._file.publish(overwrite=overwrite)

    def abort(self) -> None:
        """Remove what was written."""
        self._file.discard()


class ImageFolderOutput:
    """A folder of pictures: named as their sources were, or numbered."""

    def __init__(
        self,
        output: Path,
        quality: int,
        metadata: Mapping[str, str],
        sources: Sequence[Path],
        ending: str | None,
        parts: Parts | None = None,
        bits: int = 8,
    ) -> None:
        """`sources`: files whose names the pictures take, in order; without them frames are numbered.

        `ending`: of every picture; None keeps each source's own where it can be written, else PNG.
        `parts`: where finished pictures are kept until all are there.
        `bits`: 8 or 16.
        """
        from stylereel.video.containers import IMAGE_ENDINGS

        self._output, self._quality, self._metadata, self._bits = output, quality, metadata, bits
        self._names = _names(sources, ending, IMAGE_ENDINGS if bits == 8 else DEEP_ENDINGS)
        self._ending = ending or ".png"
        self._folder = StagedFolder(output, None if parts is None else parts.pictures)
        self._parts = parts
        self._count = 0 if parts is None else parts.frames
        self._new: dict[str, int] = {}
        self.notices: list[str] = []

    def write(self, frame: Frame) -> None:
        """Write the next picture."""
        self._count += 1
        known = self._count <= len(self._names)
        name = self._names[self._count - 1] if known else f"{self._count:06d}{self._ending}"
        data = encode_frame(frame, Path(name).suffix, self._quality, self._metadata, self._bits)
        with writing(self._output):
            (self._folder.path / name).write_bytes(data)
        if self._parts is not None:
            self._new[name] = len(data)

    def end_part(self, coming: Frame | None) -> dict[str, Any]:
        """Bring the pictures since the last part's end to the disk; facts for its record."""
        written, self._new = self._new, {}
        for name in written:
            with (self._folder.path / name).open("r+b") as file:
                os.fsync(file.fileno())
        sync_folder(self._folder.path)
        return {"pictures": written}

    def finish(self, *, overwrite: bool) -> int:
        """Publish the folder; returns the pictures' bytes together."""
        size = self._folder.publish(overwrite=overwrite)
        if self._parts is None:
            return size
        return sum(sum(record.pictures.values()) for record in self._parts.records)

    def abort(self) -> None:
        """Remove what was written."""
        self._folder.discard()


def _names(sources: Sequence[Path], ending: str | None, known: Sequence[str]) -> list[str]:
    """A distinct file name for each source: `a.jpg` and `a.png` both as PNG become `a.png`, `a.jpg.png`."""
    taken: set[str] = set()
    names: list[str] = []
    for source in sources:
        own = ending or (source.suffix if source.suffix.lower() in known else ".png")
        name = source.stem + own
        if name in taken:
            name = source.name + own
        while name in taken:
            name = f"_{name}"
        taken.add(name)
        names.append(name)
    return names
