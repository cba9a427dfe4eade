"""Which of our codecs the installed FFmpeg can write."""

from __future__ import annotations

import av
from av.codec import Codec

from stylereel.video.codecs import CODECS


def available_codecs() -> dict[str, bool]:
    """Each value of `--codec`, and whether its encoder is there."""
    return {name: _has_encoder(codec.encoder) for name, codec in CODECS.items()}


def ffmpeg_version() -> str:
    """FFmpeg's own version, as it is built into PyAV."""
    return str(getattr(av, "ffmpeg_version_info", "unknown"))


def _has_encoder(name: str) -> bool:
    try:
        Codec(name, "w")
    except ValueError:
        return False
    return True
