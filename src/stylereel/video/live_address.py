"""What a live source is called: a camera, an address, or a file that is played at its own pace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from stylereel.core.errors import UsageError
from stylereel.video.safety import VIDEO_DEMUXERS

SourceKind = Literal["camera", "address", "file"]

_OVER_NET = "tcp,tls"
# What an address may make FFmpeg open, itself or through a playlist: "file" is nowhere among it.
PROTOCOLS = {
    "http": f"http,https,httpproxy,crypto,{_OVER_NET}",
    "https": f"http,https,httpproxy,crypto,{_OVER_NET}",
    "rtmp": f"rtmp,rtmps,rtmpt,{_OVER_NET}",
    "rtmps": f"rtmp,rtmps,rtmpt,{_OVER_NET}",
    "rtsp": f"rtsp,rtp,udp,{_OVER_NET}",
    "udp": "udp,rtp",
    "tcp": "tcp",
}
DEMUXERS = f"{VIDEO_DEMUXERS},hls,rtsp,rtp"
"""Those of files, and the three that take a stream apart; none that reads a script."""
_PACED = ("http", "https")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?://)?(.*)", re.S)


@dataclass(frozen=True)
class LiveAddress:
    """Where live frames come from.

    Attributes:
        text: as it was written.
        kind: "camera", "address" or "file".
        scheme: of an address, such as "rtmp"; "" for the others.
        camera: number of the camera; 0 for the others.
    """

    text: str
    kind: SourceKind
    scheme: str = ""
    camera: int = 0

    @classmethod
    def parsed(cls, text: str | Path) -> LiveAddress:
        """From what a user wrote: `camera:0`, `rtmp://host/live/key`, `clip.mp4`.

        Raises:
            UsageError: a camera without a number, or an address of a kind that is not read.
        """
        text = str(text)
        found = None if Path(text).exists() else _SCHEME.fullmatch(text)
        if found is None or len(found[1]) == 1:  # C:\clips is a folder
            return cls(text, "file")
        scheme, rest = found[1].lower(), found[2]
        if scheme == "camera":
            if not rest.isdecimal() or len(rest) > 3:
                raise UsageError(f"input is {text!r}: a camera has a number, such as camera:0.")
            return cls(text, "camera", camera=int(rest))
        if "://" not in text:
            return cls(text, "file")
        if scheme not in PROTOCOLS:
            known = ", ".join(f"{name}://" for name in PROTOCOLS)
            raise UsageError(
                f"input is {text!r}: an address begins with one of {known}. Else name a camera (camera:0) "
                "or a file."
            )
        return cls(text, "address", scheme)

    @property
    def is_paced(self) -> bool:
        """Its frames come in a hurry or in bursts, so that their own times say when each is due."""
        return self.kind == "file" or self.scheme in _PACED

    @property
    def comes_back(self) -> bool:
        """What ends there may begin again: it is waited for."""
        return self.kind != "file"

    @property
    def shown(self) -> str:
        """For people: without what may be a secret, such as a stream's key or a password."""
        if self.kind != "address":
            return self.text
        host = self.text.partition("://")[2].partition("/")[0].rpartition("@")[2]
        return f"{self.scheme}://{host}/..."

    @property
    def options(self) -> dict[str, str]:
        """What FFmpeg is told when it opens the address."""
        options = {"protocol_whitelist": PROTOCOLS[self.scheme], "format_whitelist": DEMUXERS}
        if self.scheme == "rtsp":
            options |= {"rtsp_transport": "tcp"}
        if not self.is_paced:
            options |= {"analyzeduration": "1000000"}
        return options
