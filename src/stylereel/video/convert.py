"""Decoded frames of any pixel format to upright RGB of one kind."""

from __future__ import annotations

import re

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from stylereel.core import pixels
from stylereel.core.color import LUMA_WEIGHTS, UNSPECIFIED, ColorTags
from stylereel.video.orientation import UPRIGHT, Orientation
from stylereel.video.picture import PLAIN, Picture, Wanted
from stylereel.video.tonemap import ToneMapper

_PLANAR_YUV = re.compile(r"yuva?j?4(20|22|44|40)p(?P<bits>\d+)?(le)?$")
_PLANAR_RGB = re.compile(r"gbra?p(?P<bits>\d+)?(le)?$")
_GREY = re.compile(r"gr[ae]y(?P<bits>\d+)?(le)?$")
_SEMI_PLANAR = {"nv12": (8, 0), "nv21": (8, 0), "nv16": (8, 0), "nv24": (8, 0), "p010le": (10, 6),
                "p012le": (12, 4), "p016le": (16, 0), "p210le": (10, 6), "p216le": (16, 0)}  # fmt: skip
_PADDED_RGB = frozenset({"rgb0", "bgr0", "0rgb", "0bgr"})
_VIDEO_GREY_CODECS = frozenset({"h264", "hevc", "av1", "libdav1d", "vp9", "mpeg4", "mpeg2video", "vvc"})


def is_rgb(frame: av.VideoFrame) -> bool:
    """True where the planes hold R'G'B', a palette included."""
    return frame.format.is_rgb or frame.format.has_palette


def bit_depth_of(frame: av.VideoFrame) -> int:
    """Bits per component, 8..16."""
    bits = max((component.bits for component in frame.format.components), default=8)
    return min(max(bits, 8), 16)


def has_alpha(frame: av.VideoFrame) -> bool:
    """True where the pixel format has a transparency plane (a palette may)."""
    name = frame.format.name
    if name in _PADDED_RGB:
        return False
    return name == "pal8" or any(component.is_alpha for component in frame.format.components)


def shows_clear_areas(frame: av.VideoFrame) -> bool:
    """True where any of a frame's pixels is not opaque; one of a palette is looked at as RGBA."""
    if not has_alpha(frame):
        return False
    return int(frame.to_ndarray(format="rgba")[..., 3].min()) < 255


def tags_of(frame: av.VideoFrame, codec_name: str) -> ColorTags:
    """Colour tags of a decoded frame; what the stream leaves unsaid stays "unspecified"."""
    tags = ColorTags.from_codes(
        matrix=int(frame.colorspace),
        range=int(frame.color_range),
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
    )
    value_range = tags.range
    if is_rgb(frame):
        return ColorTags("rgb", "full", tags.primaries, tags.transfer)
    if "yuvj" in frame.format.name:
        value_range = "full"
    elif _GREY.match(frame.format.name) and value_range == UNSPECIFIED:
        value_range = "limited" if codec_name in _VIDEO_GREY_CODECS else "full"
    # A Y'CbCr stream whose matrix says "rgb" is mislabelled.
    matrix = UNSPECIFIED if tags.matrix == "rgb" else tags.matrix
    return ColorTags(matrix, value_range, tags.primaries, tags.transfer)


class FrameConverter:
    """Converts the frames of one stream; holds the tables and contexts that repeat.

    Args:
        tags: resolved tags of the stream as stored.
        orientation: how to turn frames upright.
        max_side: longest side of the result in pixels, or None.
        wanted: what is kept beside 8-bit RGB.
    """

    def __init__(
        self,
        tags: ColorTags,
        orientation: Orientation = UPRIGHT,
        max_side: int | None = None,
        wanted: Wanted = PLAIN,
    ) -> None:
        self._tags = tags if tags.matrix in LUMA_WEIGHTS else tags.for_encoding(1920, 1080)
        self._orientation = orientation
        self._max_side = max_side
        self._wanted = wanted
        self._reformatter = VideoReformatter()
        self._tone_mapper = ToneMapper(tags.transfer, tags.primaries) if tags.is_hdr else None
        self.saw_transparency = False

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """A decoded frame -> `(H, W, 3)` uint8 RGB, full range, upright, SDR, at most `max_side` long."""
        return self.picture(frame).pixels

    def picture(self, frame: av.VideoFrame) -> Picture:
        """As a call, with what else is wanted."""
        planes, bits, alpha = self._planes(frame)
        opacity = None if alpha is None else pixels.to_deep(alpha, bits)
        picture = Picture.of(self._to_rgb(frame, planes, bits), opacity, bits, self._wanted)
        self.saw_transparency |= picture.was_clear
        return picture.fitted(self._max_side).upright(self._orientation)

    def _to_rgb(self, frame: av.VideoFrame, planes: list[np.ndarray], bits: int) -> np.ndarray:
        """uint8, or uint16 with peak `DEEP_PEAK` where more is wanted."""
        if is_rgb(frame):
            rgb = cv2.merge(planes)
            if self._tone_mapper or (self._wanted.deep and bits > 8):
                rgb = pixels.to_deep(rgb, bits)
            else:
                rgb = rgb if bits == 8 else cv2.convertScaleAbs(rgb, alpha=255 / ((1 << bits) - 1))
        elif self._tone_mapper or self._wanted.deep:
            rgb = pixels.yuv_planes_to_rgb16(planes, self._tags, bits)
        else:
            rgb = pixels.yuv_planes_to_rgb(planes, self._tags, bits)
        if self._tone_mapper is None:
            return rgb
        return self._tone_mapper.deep(rgb) if self._wanted.deep else self._tone_mapper(rgb)

    def _planes(self, frame: av.VideoFrame) -> tuple[list[np.ndarray], int, np.ndarray | None]:
        """Y'CbCr or R'G'B' planes in that order, their bit depth, and the opacity plane if there is one."""
        name = frame.format.name
        direct = _PLANAR_YUV.match(name) or _PLANAR_RGB.match(name) or _GREY.match(name)
        top_down = all(plane.line_size > 0 for plane in frame.planes)
        if direct and top_down and int(direct["bits"] or 8) <= 16:
            bits = int(direct["bits"] or 8)
            planes = [_plane(frame, index, 2 if bits > 8 else 1) for index in range(len(frame.planes))]
            if name.startswith("gbr"):
                planes[:3] = [planes[2], planes[0], planes[1]]
            return planes[:3], bits, planes[3] if len(planes) == 4 else None
        if name in _SEMI_PLANAR and top_down:
            return self._semi_planar(frame, name)
        return self._planes(self._reformatted(frame))

    def _semi_planar(self, frame: av.VideoFrame, name: str) -> tuple[list[np.ndarray], int, None]:
        bits, shift = _SEMI_PLANAR[name]
        luma = _plane(frame, 0, 2 if bits > 8 else 1)
        chroma = _plane(frame, 1, 2 if bits > 8 else 1, components=2)
        first, second = cv2.split(chroma.reshape(chroma.shape[0], -1, 2))
        planes = [luma, second, first] if name == "nv21" else [luma, first, second]
        return [plane >> shift if shift else plane for plane in planes], bits, None

    def _reformatted(self, frame: av.VideoFrame) -> av.VideoFrame:
        """In one thread: on small frames of more than 8 bits swscale's slices differ where they meet."""
        return self._reformatter.reformat(frame, format=self._nearest_planar(frame), threads=1)

    @staticmethod
    def _nearest_planar(frame: av.VideoFrame) -> str:
        """A planar format that holds everything this rarer format says."""
        deep = bit_depth_of(frame) > 8
        if is_rgb(frame):
            return ("gbrap" if has_alpha(frame) else "gbrp") + ("16le" if deep else "")
        halved = {"yuyv422", "uyvy422", "yvyu422"}
        layout = "yuva444p" if has_alpha(frame) else "yuv422p" if frame.format.name in halved else "yuv444p"
        return layout + ("16le" if deep else "")


def _plane(frame: av.VideoFrame, index: int, item_bytes: int, components: int = 1) -> np.ndarray:
    """One plane, without its padding, as a view into the frame (which it keeps alive)."""
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8 if item_bytes == 1 else np.dtype("<u2"))
    return rows.reshape(-1, plane.line_size // item_bytes)[: plane.height, : plane.width * components]
