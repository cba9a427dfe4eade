"""HDR to SDR: PQ and HLG pictures to BT.709 that an ordinary screen shows.

Reference white (203 cd/m2, ITU-R BT.2408) lands on `REFERENCE_WHITE_LEVEL` of 255; below about half of it
light is kept in proportion, above it highlights are compressed, up to the peak of the system.
"""

from __future__ import annotations

import cv2
import numpy as np

from stylereel.core.pixels import DEEP_PEAK

REFERENCE_WHITE_NITS = 203.0
PQ_PEAK_NITS = 10000.0
HLG_PEAK_NITS = 1000.0
KNEE = 0.6
DISPLAY_GAMMA = 2.4

# CIE 1931 xy of red, green, blue (H.273 table 2); all with white D65.
_CHROMATICITIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    "smpte170m": ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
}
_D65 = (0.3127, 0.3290)


def _rgb_to_xyz(primaries: str) -> np.ndarray:
    columns = np.array([(x / y, 1.0, (1 - x - y) / y) for x, y in _CHROMATICITIES[primaries]]).T
    white = np.array([_D65[0] / _D65[1], 1.0, (1 - sum(_D65)) / _D65[1]])
    return columns * np.linalg.solve(columns, white)


def primaries_to_bt709(primaries: str) -> np.ndarray:
    """`(3, 3)`: linear RGB of `primaries` -> linear RGB of BT.709. Unknown primaries count as BT.2020."""
    source = primaries if primaries in _CHROMATICITIES else "bt2020"
    return np.linalg.solve(_rgb_to_xyz("bt709"), _rgb_to_xyz(source))


def pq_to_nits(signal: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084 EOTF: signal in [0, 1] -> cd/m2 in [0, 10000]."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = np.power(np.clip(signal, 0, 1), 1 / m2)
    return PQ_PEAK_NITS * np.power(np.maximum(power - c1, 0) / (c2 - c3 * power), 1 / m1)


def hlg_to_scene(signal: np.ndarray) -> np.ndarray:
    """ARIB STD-B67 / BT.2100 inverse OETF: signal in [0, 1] -> scene light in [0, 1]."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    signal = np.clip(signal, 0, 1)
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def compress_highlights(light: np.ndarray, peak: float) -> np.ndarray:
    """Tone curve, strictly rising on [0, peak], onto [0, 1].

    x below the knee k; above it k + (1 - k) g((x - k) / (1 - k)) with the extended Reinhard curve
    g(u) = u (1 + u / U^2) / (1 + u), which has slope 1 at 0 and reaches 1 at U.

    Args:
        light: linear, 1 is reference white.
        peak: light that becomes 1.
    """
    limit = (peak - KNEE) / (1 - KNEE)
    above = np.clip((light - KNEE) / (1 - KNEE), 0, limit)
    return np.minimum(light, KNEE) + (1 - KNEE) * above * (1 + above / limit**2) / (1 + above)


REFERENCE_WHITE_LEVEL = round(
    255
    * float(compress_highlights(np.array(1.0), PQ_PEAK_NITS / REFERENCE_WHITE_NITS)) ** (1 / DISPLAY_GAMMA)
)


class ToneMapper:
    """Maps pictures of one HDR system to SDR BT.709 (gamma of BT.1886), keeping hue.

    The compression scales R, G and B alike, so their ratios, and with them the hue, stay; colours outside
    BT.709 are first pulled towards grey of the same luminance until they are inside.
    """

    def __init__(self, transfer: str, primaries: str) -> None:
        """Args: transfer: "smpte2084" (PQ) or "arib-std-b67" (HLG); primaries: see `core.color`."""
        signal = np.arange(65281) / 65280
        self._is_hlg = transfer == "arib-std-b67"
        self._peak = (HLG_PEAK_NITS if self._is_hlg else PQ_PEAK_NITS) / REFERENCE_WHITE_NITS
        light = hlg_to_scene(signal) if self._is_hlg else pq_to_nits(signal) / REFERENCE_WHITE_NITS
        self._light = light.astype(np.float32)
        source = primaries if primaries in _CHROMATICITIES else "bt2020"
        self._luminance = _rgb_to_xyz(source)[1].astype(np.float32)
        self._to_bt709 = primaries_to_bt709(source).astype(np.float32)
        self._luminance_bt709 = _rgb_to_xyz("bt709")[1].astype(np.float32)
        # Indexed by the square root, so that shadows keep their steps.
        roots = np.arange(65536) / 65535
        signal = roots ** (2 / DISPLAY_GAMMA)
        self._encoded = np.rint(255 * signal).astype(np.uint8)
        self._encoded_deep = np.rint(DEEP_PEAK * signal).astype(np.uint16)

    def __call__(self, rgb16: np.ndarray) -> np.ndarray:
        """`(H, W, 3)` uint16 with peak 65280, HDR signal -> `(H, W, 3)` uint8, SDR signal."""
        return np.take(self._encoded, self._roots(rgb16))

    def deep(self, rgb16: np.ndarray) -> np.ndarray:
        """As a call, to `(H, W, 3)` uint16 with peak 65280."""
        return np.take(self._encoded_deep, self._roots(rgb16))

    def _roots(self, rgb16: np.ndarray) -> np.ndarray:
        """Square roots of linear light, `(H, W, 3)` uint16 with peak 65535."""
        light = np.take(self._light, np.minimum(rgb16, 65280))
        if self._is_hlg:  # BT.2100 OOTF for a 1000 cd/m2 display: F = L_W * Ys^(gamma - 1) * E, gamma 1.2
            scene_luminance = cv2.transform(light, self._luminance[None])
            light *= (self._peak * cv2.pow(scene_luminance, 0.2))[..., None]
        light = cv2.transform(light, self._to_bt709)
        light = self._into_gamut(light)
        brightest = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])
        scale = compress_highlights(brightest, self._peak) / np.maximum(brightest, 1e-9)
        light *= scale[..., None]
        roots = cv2.sqrt(np.clip(light, 0, 1))
        return np.rint(roots * 65535).astype(np.uint16)

    def _into_gamut(self, light: np.ndarray) -> np.ndarray:
        lowest = np.minimum(np.minimum(light[..., 0], light[..., 1]), light[..., 2])
        if float(lowest.min()) >= 0:
            return light
        luminance = np.maximum(cv2.transform(light, self._luminance_bt709[None]), 0)
        keep = np.where(lowest < 0, luminance / np.maximum(luminance - lowest, 1e-9), 1)[..., None]
        return luminance[..., None] * (1 - keep) + light * keep
