"""The video codecs that can be written, and what quality 0..100 means to each.

One scale for all: 0 is the smallest file, 75 (the default) is hard to tell from the source at normal
viewing, 100 is the best the codec can do. Between the anchors below the encoder's own number is interpolated
linearly and rounded.

    codec    encoder      own number              q=0   q=25  q=50  q=75  q=90  q=100
    h264     libx264      crf (0 is lossless)     45    36    28    19    12    0
    hevc     libx265      crf                     46    38    30    21    14    lossless
    av1      libsvtav1    crf                     63    52    42    28    16    1
    vp9      libvpx-vp9   crf                     63    50    38    26    12    lossless
    prores   prores_ks    profile                 proxy lt    422   hq    hq    4444 (4:4:4)
    ffv1     ffv1         always lossless: quality changes nothing
    gif      gif          colours per picture     16    32    128   256   256   256
    png      png          always lossless: quality changes nothing

"Lossless" is about the encoder: pixels are Y'CbCr of 8 bits (prores: 10), so RGB comes back within rounding.
More bits, and transparency, are kept by the codecs that say so below, where they are asked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from stylereel.core.errors import UsageError
from stylereel.core.pixels import Chroma

DEFAULT_QUALITY = 75

_ANCHOR_QUALITIES = (0, 25, 50, 75, 90, 100)
_AV1_STRIP_PX = 32
_FFV1_STRIP_PX = 4
_CPU_AVX_512F = 13  # OpenCV's number, which its Python has no name for
_X265_NARROW_PX = 64
_X264_TREES = ("mbtree=1", "rc-lookahead=10")
"""Most of what veryfast saves over superfast in size, for no time that could be measured."""
_PRORES_PROFILES = ("proxy", "lt", "standard", "hq", "4444")


@dataclass(frozen=True)
class VideoCodec:
    """One codec that can be written.

    Attributes:
        name: the value of `--codec`.
        encoder: FFmpeg's encoder.
        scale: the encoder's own number at quality 0, 25, 50, 75, 90 and 100; empty where quality is nothing.
        even_sizes_at_420: 4:2:0 needs even width and height in this encoder.
        tags_in_stream: the stream itself carries range and matrix, whatever the container.
        bit_depths: of the files it can write; prores is always 10 inside, and takes 8 for no more than that.
        least_side_px: of the smallest frames that the encoder takes.
        alpha_muxers: the containers, as FFmpeg names them, in which it can hold transparency.
    """

    name: str
    encoder: str
    scale: tuple[int, ...] = ()
    even_sizes_at_420: bool = False
    tags_in_stream: bool = False
    bit_depths: tuple[int, ...] = (8,)
    alpha_muxers: tuple[str, ...] = ()
    least_side_px: int = 1

    @property
    def uses_quality(self) -> bool:
        """False where every quality is the same because the codec is lossless."""
        return bool(self.scale)


CODECS: dict[str, VideoCodec] = {
    codec.name: codec
    for codec in (
        VideoCodec(
            "h264",
            "libx264",
            (45, 36, 28, 19, 12, 0),
            even_sizes_at_420=True,
            tags_in_stream=True,
            bit_depths=(8, 10),
        ),
        VideoCodec(
            "hevc",
            "libx265",
            (46, 38, 30, 21, 14, 0),
            even_sizes_at_420=True,
            tags_in_stream=True,
            bit_depths=(8, 10),
            least_side_px=16,
        ),
        VideoCodec(
            "av1",
            "libsvtav1",
            (63, 52, 42, 28, 16, 1),
            tags_in_stream=True,
            bit_depths=(8, 10),
            least_side_px=4,
        ),
        VideoCodec("vp9", "libvpx-vp9", (63, 50, 38, 26, 12, 0), alpha_muxers=("webm", "matroska")),
        VideoCodec(
            "prores", "prores_ks", (0, 1, 2, 3, 3, 4), bit_depths=(8, 10), alpha_muxers=("mov", "matroska")
        ),
        VideoCodec("ffv1", "ffv1", bit_depths=(8, 10, 16), alpha_muxers=("matroska", "avi")),
        VideoCodec("gif", "gif", (16, 32, 128, 256, 256, 256)),
        VideoCodec("png", "png", bit_depths=(8, 16), alpha_muxers=("mov", "avi")),
    )
}


@dataclass(frozen=True)
class EncoderSettings:
    """How to open an encoder.

    Attributes:
        options: the encoder's private options.
        pixel_format: FFmpeg's name.
        chroma: sampling of that format; "444" for RGB.
        bit_depth: of that format.
        is_rgb: the encoder takes RGB, no colour matrix.
        colors: of a palette, 0 where there is none.
        alpha: the format has an opacity plane.
    """

    options: dict[str, str]
    pixel_format: str
    chroma: Chroma
    bit_depth: int = 8
    is_rgb: bool = False
    colors: int = 0
    alpha: bool = False


def check_quality(quality: int | None) -> int:
    """The quality to use; `UsageError` unless 0..100 or None (the default)."""
    if quality is None:
        return DEFAULT_QUALITY
    if isinstance(quality, bool) or not isinstance(quality, int) or not 0 <= quality <= 100:
        raise UsageError(
            f"quality: got {quality!r}, expected a whole number from 0 (smallest) to 100 (best); "
            f"leave it out for {DEFAULT_QUALITY}"
        )
    return quality


def check_bit_depth(codec: VideoCodec, bit_depth: int) -> int:
    """The depth, if the codec can write it; `UsageError` naming those that can."""
    if bit_depth in codec.bit_depths:
        return bit_depth
    others = [name for name, other in CODECS.items() if bit_depth in other.bit_depths]
    can = f"for {bit_depth} bits take {' or '.join(others)}" if others else "no codec has that depth"
    holds = " or ".join(map(str, codec.bit_depths))
    raise UsageError(f"bit-depth {bit_depth}: {codec.name} holds {holds} bits here; {can}")


def own_number(codec: VideoCodec, quality: int) -> int:
    """The encoder's own number (crf, profile, colours) for a quality of 0..100: see the module's table."""
    for low, high, at_low, at_high in zip(
        _ANCHOR_QUALITIES, _ANCHOR_QUALITIES[1:], codec.scale, codec.scale[1:], strict=False
    ):
        if quality <= high:
            return round(at_low + (at_high - at_low) * (quality - low) / (high - low))
    raise ValueError(f"quality {quality} or codec {codec.name} has no number")


def encoder_settings(
    codec: VideoCodec,
    quality: int,
    size: tuple[int, int],
    *,
    source_chroma: Chroma = "420",
    threads: int = 0,
    b_frames: bool = True,
    bit_depth: int = 8,
    alpha: bool = False,
) -> EncoderSettings:
    """Options and pixel format for a codec.

    Args:
        codec: a value of `CODECS`.
        quality: 0..100.
        size: `(width, height)` in pixels.
        source_chroma: of the source; ffv1 keeps it, so that nothing is lost.
        threads: for encoders that take it as an option; 0 lets them choose.
        b_frames: False keeps packets in order of display, for h264 and hevc.
        bit_depth: one of the codec's `bit_depths`.
        alpha: with an opacity plane, where the codec has `alpha_muxers`.

    Returns:
        The settings; 4:2:0 wherever the codec can hold the size so, 4:4:4 for h264 and hevc of odd size.

    Raises:
        UsageError: a size that the codec's encoder cannot hold.
    """
    _refuse_small(codec, size)
    odd = bool(size[0] % 2 or size[1] % 2)
    chroma: Chroma = "444" if odd and codec.even_sizes_at_420 else "420"
    options: dict[str, str] = {}
    number = own_number(codec, quality) if codec.uses_quality else 0
    match codec.name:
        case "h264":
            options = {"preset": "superfast", "crf": str(number)} | ({} if b_frames else {"bf": "0"})
            options["x264-params"] = ":".join([*_X264_TREES, *_repeatable_x264()])
        case "hevc":
            parameters = ["log-level=error", *(["lossless=1"] if quality == 100 else [])]
            parameters += [f"pools={threads}"] if threads else []
            parameters += [] if b_frames else ["bframes=0"]
            # x265 4.2 writes past its memory where it weighs the blocks of pictures up to 48 px wide.
            parameters += ["cutree=0"] if size[0] < _X265_NARROW_PX else []
            options = {"preset": "superfast", "crf": str(number), "x265-params": ":".join(parameters)}
        case "av1":
            _refuse_strip(size)
            options = {"preset": "10", "crf": str(number)}
            options["svtav1-params"] = f"lp={threads}" if threads else "lp=0"
        case "vp9":
            options = {"deadline": "realtime", "cpu-used": "6", "row-mt": "1", "crf": str(number), "b": "0"}
            options |= {"lossless": "1"} if quality == 100 else {}
            options |= {"tile-columns": "2"} if size[0] >= 512 else {}
        case "prores":
            number = 4 if alpha else number
            options = {"profile": _PRORES_PROFILES[number], "vendor": "apl0"}
            options |= {"alpha_bits": "16"} if alpha else {}
            chroma = "444" if number == 4 else "422"
        case "ffv1":
            # Which numbers of slices are allowed for narrow pictures depends on more than their size.
            if min(size) >= _FFV1_STRIP_PX:
                slices = {"slices": "4"} if min(size) >= 64 else {}
                options = {"level": "3", "slicecrc": "1", "g": "1", **slices}
            else:  # level 3 would cut the frame into slices without a pixel of colour; level 1 has none
                options = {"level": "1", "g": "1"}
            chroma = source_chroma
        case "gif":
            return EncoderSettings({}, "pal8", "444", is_rgb=True, colors=number)
        case "png":
            layout = ("rgba" if alpha else "rgb") + ("64be" if alpha else "48be") if bit_depth > 8 else ""
            layout = layout or ("rgba" if alpha else "rgb24")
            options = {"pred": "mixed", "compression_level": "3"}
            return EncoderSettings(options, layout, "444", bit_depth, is_rgb=True, alpha=alpha)
    depth = 10 if codec.name == "prores" else bit_depth
    layout = f"yuv{'a' if alpha else ''}{chroma}p" + (f"{depth}le" if depth > 8 else "")
    return EncoderSettings(options, layout, chroma, depth, alpha=alpha)


def _refuse_small(codec: VideoCodec, size: tuple[int, int]) -> None:
    least = codec.least_side_px
    if min(size) < least:
        raise UsageError(
            f"{codec.name} cannot hold frames of {size[0]}x{size[1]}: each side must be at least {least} px. "
            "Choose another --codec: h264, vp9 and ffv1 hold any size"
        )


def _refuse_strip(size: tuple[int, int]) -> None:
    """SVT-AV1 waits for ever over a strip such as 1024x16, so it is never given one."""
    if min(size) < _AV1_STRIP_PX and max(size) > 2 * _AV1_STRIP_PX:
        raise UsageError(
            f"av1 cannot hold frames of {size[0]}x{size[1]}: where one side is above {2 * _AV1_STRIP_PX} px, "
            f"the other must be at least {_AV1_STRIP_PX}. Choose another --codec, such as h264 or vp9"
        )


def _repeatable_x264() -> list[str]:
    """Parameters with which x264 encodes the same pictures to the same bytes each time.

    Its AVX-512 code for macroblock trees (core 165) does not: now and then some blocks get another quantiser.
    AVX2 is as fast. Only said where it takes something away, since x264 believes what it is told.
    """
    import cv2

    return ["asm=AVX2"] if cv2.checkHardwareSupport(_CPU_AVX_512F) else []


def quiet_encoders() -> None:
    """Keep SVT-AV1 from writing to stderr; call before an encoder opens, never at import."""
    os.environ.setdefault("SVT_LOG", "1")


def known_codecs() -> Sequence[str]:
    """The values of `--codec`."""
    return tuple(CODECS)
