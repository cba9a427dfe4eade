"""What the numbers of a picture mean: matrix, range, primaries and transfer, as ITU-T H.273 names them."""

from __future__ import annotations

from dataclasses import dataclass, replace

UNSPECIFIED = "unspecified"

# Names as FFmpeg prints them, code points as ITU-T H.273 (and every container) stores them.
MATRIX_CODES = {
    "rgb": 0,
    "bt709": 1,
    UNSPECIFIED: 2,
    "fcc": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "ycgco": 8,
    "bt2020nc": 9,
    "bt2020c": 10,
    "smpte2085": 11,
    "chroma-derived-nc": 12,
    "chroma-derived-c": 13,
    "ictcp": 14,
}
PRIMARIES_CODES = {
    "bt709": 1,
    UNSPECIFIED: 2,
    "bt470m": 4,
    "bt470bg": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "film": 8,
    "bt2020": 9,
    "smpte428": 10,
    "smpte431": 11,
    "smpte432": 12,
    "ebu3213": 22,
}
TRANSFER_CODES = {
    "bt709": 1,
    UNSPECIFIED: 2,
    "gamma22": 4,
    "gamma28": 5,
    "smpte170m": 6,
    "smpte240m": 7,
    "linear": 8,
    "log100": 9,
    "log316": 10,
    "iec61966-2-4": 11,
    "bt1361e": 12,
    "iec61966-2-1": 13,
    "bt2020-10": 14,
    "bt2020-12": 15,
    "smpte2084": 16,
    "smpte428": 17,
    "arib-std-b67": 18,
}
RANGE_CODES = {UNSPECIFIED: 0, "limited": 1, "full": 2}

# Kr and Kb of Y' = Kr R' + (1 - Kr - Kb) G' + Kb B' (H.273 table 4).
LUMA_WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
}
LUMA_OF_RGB = (0.2126, 0.7152, 0.0722)
"""Weights of R, G and B in the luma of BT.709: what losses and watches mean by luma."""

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})


def _name_of(table: dict[str, int], code: int) -> str:
    return next((name for name, value in table.items() if value == code), UNSPECIFIED)


@dataclass(frozen=True)
class ColorTags:
    """Colour description of a picture; each field is a key of its table above.

    Attributes:
        matrix: how Y'CbCr came from R'G'B' ("rgb" where the planes are R'G'B' themselves).
        range: "limited" (16..235 at 8 bits), "full" (0..255) or "unspecified".
        primaries: which red, green and blue.
        transfer: light to signal; "smpte2084" is PQ, "arib-std-b67" is HLG.
    """

    matrix: str = UNSPECIFIED
    range: str = UNSPECIFIED
    primaries: str = UNSPECIFIED
    transfer: str = UNSPECIFIED

    def __post_init__(self) -> None:
        tables = (MATRIX_CODES, RANGE_CODES, PRIMARIES_CODES, TRANSFER_CODES)
        for field, table in zip(("matrix", "range", "primaries", "transfer"), tables, strict=True):
            if getattr(self, field) not in table:
                raise ValueError(
                    f"ColorTags.{field}: got {getattr(self, field)!r}, expected one of {', '.join(table)}"
                )

    @classmethod
    def from_codes(cls, *, matrix: int, range: int, primaries: int, transfer: int) -> ColorTags:
        """Tags from H.273 code points; a code point that is not known reads as unspecified."""
        return cls(
            _name_of(MATRIX_CODES, matrix),
            _name_of(RANGE_CODES, range),
            _name_of(PRIMARIES_CODES, primaries),
            _name_of(TRANSFER_CODES, transfer),
        )

    @property
    def matrix_code(self) -> int:
        """H.273 MatrixCoefficients, FFmpeg's `colorspace`."""
        return MATRIX_CODES[self.matrix]

    @property
    def range_code(self) -> int:
        """FFmpeg's `color_range`: 0 unspecified, 1 limited, 2 full."""
        return RANGE_CODES[self.range]

    @property
    def primaries_code(self) -> int:
        """H.273 ColourPrimaries, FFmpeg's `color_primaries`."""
        return PRIMARIES_CODES[self.primaries]

    @property
    def transfer_code(self) -> int:
        """H.273 TransferCharacteristics, FFmpeg's `color_trc`."""
        return TRANSFER_CODES[self.transfer]

    @property
    def is_hdr(self) -> bool:
        """True for PQ and HLG."""
        return self.transfer in HDR_TRANSFERS

    def resolved(self, width: int, height: int) -> ColorTags:
        """The same tags with everything unspecified guessed, as players do.

        From 1280 wide or 577 high on, BT.709; below, BT.601 (625 lines: `bt470bg`, else `smpte170m`).
        Wide-gamut or HDR tags pull an unspecified matrix to BT.2020. An unspecified range is limited for
        Y'CbCr and full for RGB.
        """
        wide = self.primaries == "bt2020" or self.is_hdr or self.matrix in ("bt2020nc", "bt2020c", "ictcp")
        large = width >= 1280 or height > 576
        standard_definition = "bt470bg" if height == 576 else "smpte170m"
        matrix = self.matrix
        if matrix == UNSPECIFIED:
            matrix = "bt2020nc" if wide else "bt709" if large else standard_definition
        primaries = self.primaries
        if primaries == UNSPECIFIED:
            by_size = "bt709" if large or matrix in ("bt709", "rgb") else standard_definition
            primaries = "bt2020" if wide else by_size
        transfer = self.transfer
        if transfer == UNSPECIFIED:
            transfer = "iec61966-2-1" if matrix == "rgb" else "bt709"
        value_range = self.range
        if value_range == UNSPECIFIED:
            value_range = "full" if matrix == "rgb" else "limited"
        return ColorTags(matrix, value_range, primaries, transfer)

    def for_encoding(self, width: int, height: int) -> ColorTags:
        """Tags to encode Y'CbCr with: a matrix that `core.pixels` can compute, limited where unsaid.

        "rgb" sources and matrices that are not plain weighted sums get BT.709, or BT.601 at small sizes
        with BT.601 primaries.
        """
        tags = self.resolved(width, height)
        if tags.matrix in LUMA_WEIGHTS:
            return tags
        value_range = "limited" if tags.matrix == "rgb" else tags.range
        matrix = "bt2020nc" if tags.primaries == "bt2020" else "bt709"
        return replace(tags, matrix=matrix, range=value_range)


SDR_VIDEO = ColorTags("bt709", "limited", "bt709", "bt709")
SRGB_PICTURE = ColorTags("rgb", "full", "bt709", "iec61966-2-1")
