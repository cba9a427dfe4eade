"""What a platform that takes uploads asks of a file, beyond its codec and size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from stylereel.video.codecs import EncoderSettings, VideoCodec
from stylereel.video.containers import Container


@dataclass(frozen=True)
class Delivery:
    """How a file is encoded so that it is taken as it is.

    Attributes:
        key_seconds: the longest time between two keyframes; groups of pictures are closed.
        h264_profile: of h264 with 8 bits.
        sound: codecs that are copied; everything else becomes the container's own.
    """

    key_seconds: int = 2
    h264_profile: str = "high"
    sound: frozenset[str] = frozenset({"aac"})

    def container(self, container: Container) -> Container:
        """The container, with less that is copied."""
        copied = container.audio_copied
        return replace(container, audio_copied=self.sound if copied is None else self.sound & copied)

    def settings(self, settings: EncoderSettings, codec: VideoCodec, rate: Fraction) -> EncoderSettings:
        """The encoder's settings with these added; codecs other than h264 take the keyframes alone."""
        options = {**settings.options, "g": str(max(1, round(self.key_seconds * rate)))}
        if codec.name == "h264":
            options["flags"] = "+cgop"
            if settings.bit_depth == 8 and settings.chroma == "420":
                options["profile"] = self.h264_profile
        return replace(settings, options=options)
