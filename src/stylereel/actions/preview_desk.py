"""One moment of a file in a look, at once: what sliders, a scrubber and a gallery of looks are drawn from."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from stylereel.actions.option_checks import check_size
from stylereel.actions.preview_frames import ArrayCache, FrameShelf, SourceKey
from stylereel.actions.preview_looks import LoadedNetwork, LookShelf, PreviewLook
from stylereel.actions.preview_turns import Turns
from stylereel.actions.stylizer import checked_strength
from stylereel.core.errors import EnvironmentMissingError, PackError, UsageError
from stylereel.core.pixels import fitted_size, resize
from stylereel.video.info import SourceInfo
from stylereel.video.scrubber import ShownFrame

KEPT_BYTES = 192 * 10**6
"""Of frames and previews together: 31 frames of 1920x1080 as they are read, 280 previews of 640x360."""
CARD_PX = 640 * 360
"""A card of the gallery is painted at no more than so many pixels, and shrunk."""
SIDE_PX, CARD_SIDE_PX = 640, 240


@dataclass(frozen=True)
class Preview:
    """A moment as it was asked for.

    Attributes:
        seconds: when the frame begins to be shown, on the player's clock; 0 for a picture.
        pixels: `(h, w, 3)` uint8 RGB with square pixels; not to be written to.
        painted_width: of the frame that the network saw, px; of the source's own frame where none did.
        painted_height: likewise.
        stroke_scale: how many times larger strokes are, against the picture, than `stylize` will paint them.
            1 where the frame was painted at the size that it is exported at.
        milliseconds: from the request to here, waiting included.
    """

    seconds: float
    pixels: np.ndarray
    painted_width: int
    painted_height: int
    stroke_scale: float
    milliseconds: float

    def jpeg(self, quality: int = 85) -> bytes:
        """The picture as a JPEG file.

        Raises:
            UsageError: quality is not from 1 to 100.
        """
        if isinstance(quality, bool) or not 1 <= quality <= 100:
            raise UsageError(f"quality is {quality}: from 1 to 100.")
        bgr = cv2.cvtColor(self.pixels, cv2.COLOR_RGB2BGR)
        return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1].tobytes()


@dataclass(frozen=True)
class Card:
    """A look of the gallery.

    Attributes:
        style: as it was named.
        preview: the moment in that look; None where the look cannot be used.
        problem: why not; None where it can.
    """

    style: str
    preview: Preview | None
    problem: str | None = None


class PreviewDesk:
    """Answers what a moment of a file looks like in a look, quickly and again and again.

        with PreviewDesk() as desk:
            jpeg = desk.preview("in.mp4", 1.2, PreviewLook("atelier:vangogh", strength=0.7)).jpeg()

    For several threads. Frames are decoded once and networks stay loaded, so that another look, mixture,
    strength or colour setting costs one run of the network. What is seen is what `stylize` paints for the
    same settings, at the size that it exports, as long as two cores manage that while a slider moves; a
    larger frame is painted smaller, which `Preview.stroke_scale` tells, unless `exact` is asked for. In the
    middle of a shot an export may lay strokes elsewhere, since there they travel with what they lie on.

    One frame is painted at a time. A client that asks again while its request waits gets an answer to the
    newest alone; the gallery waits for all others.

    Memory: `KEPT_BYTES` of frames and previews; three open files, each with `video.scrubber.KEPT_BYTES` and
    its decoder; eight networks, which keep what they compiled for 4 million pixels together: about 250 MB
    in bf16. Beside that stands what painting one frame takes. A process that had shown 14 looks of three
    videos of 640x360 and 1280x720, again and again, held 1.0 GB.

    Args:
        kept_bytes: most of the frames and previews that are kept.
    """

    def __init__(self, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._cache = ArrayCache(kept_bytes)
        self._frames, self._looks = FrameShelf(self._cache), LookShelf()
        self._reading, self._painting = Turns(), Turns()
        self._galleries: dict[str | None, int] = {}
        self._serials = itertools.count()

    def __enter__(self) -> PreviewDesk:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Send all away who wait, and let go of frames, files and networks; safe to call twice."""
        self._reading.close()
        self._painting.close()
        self._frames.close()
        self._looks.close()
        self._cache.clear()

    def forget(self, source: str | Path) -> None:
        """Close a file, for it to be deleted or replaced, and let go of all that is kept of it."""
        self._frames.forget(source)

    def info(self, source: str | Path) -> SourceInfo:
        """What is known of a file. Errors as `probe`."""
        return self._frames.info(source)

    def frame(
        self,
        source: str | Path,
        seconds: float = 0.0,
        *,
        side: int | None = SIDE_PX,
        client: str | None = None,
    ) -> Preview:
        """The file's own frame at a time.

        Args:
            source: a video, a picture, or a folder of pictures.
            seconds: on the player's clock; past the end it is the last frame.
            side: longest side of the result, px, never enlarged; None for the frame's own size.
            client: who asks; of one client only the newest request that waits is answered.

        Raises:
            UsageError: a time or size that cannot be right.
            InputError: the file cannot be read.
            SupersededError: a newer request of this client came while this one waited.
        """
        began = time.perf_counter()
        self._reading.check_open()
        check_size(side, "side")
        info, key, shown = self._shown(source, seconds, client and f"{client} frame")
        height, width = shown.pixels.shape[:2]
        pixels = self._frames.sized(key, shown, displayed_size(width, height, info.sample_aspect_ratio, side))
        return Preview(shown.seconds, pixels, width, height, 1.0, _since(began))

    def preview(
        self,
        source: str | Path,
        seconds: float,
        look: PreviewLook,
        *,
        side: int | None = SIDE_PX,
        max_side: int | None = None,
        exact: bool = False,
        card: bool = False,
        client: str | None = None,
    ) -> Preview:
        """The frame at a time in a look.

        Args:
            source: a video, a picture, or a folder of pictures.
            seconds: on the player's clock; past the end it is the last frame.
            look: which, and how.
            side: longest side of the result, px, never enlarged; None for the size that was painted at.
            max_side: longest side of the frames that will be exported, px; None for the source's own size.
            exact: paint at the size of the export, however long that takes.
            card: it is a card of the gallery: painted small, and after all that is not.
            client: who asks; of one client only the newest request that waits is answered.

        Raises:
            UsageError: an unknown look, or a value out of range.
            InputError: the file cannot be read.
            PackError: the look's pack is refused.
            SupersededError: a newer request of this client came while this one waited.
        """
        began = time.perf_counter()
        self._reading.check_open()
        client = None if card else client  # the cards of a gallery do not take each other's place
        check_size(side, "side")
        check_size(max_side, "max_side")
        checked_strength(look.strength)
        style = look.as_style()
        network, shares = self._looks.named(style)
        info, key, shown = self._shown(source, seconds, client, behind=card)
        height, width = shown.pixels.shape[:2]
        exported = fitted_size(width, height, max_side)
        painted = exported if exact else _at_most(exported, CARD_PX if card else network.quick_px)
        scale = exported[0] / painted[0]
        size = displayed_size(*painted, info.sample_aspect_ratio, side)
        at = key, shown.seconds, style, look.strength, look.keep_colors, painted, size, network.serial
        pixels = self._cache.get(at)
        if pixels is None:
            source_pixels = self._frames.sized(key, shown, painted)
            pixels = resize(self._painted(network, shares, look, source_pixels, client, card), *size)
            self._cache.keep(at, pixels)
        return Preview(shown.seconds, pixels, *painted, scale, _since(began))

    def gallery(
        self,
        source: str | Path,
        seconds: float,
        styles: Sequence[str],
        *,
        side: int = CARD_SIDE_PX,
        strength: float = 1.0,
        keep_colors: bool = False,
        client: str | None = None,
    ) -> Iterator[Card]:
        """One moment in many looks, one after the other; whatever else is asked meanwhile goes before them.

        Ends early where the same client asks for another one.

        Args:
            source: a video, a picture, or a folder of pictures.
            seconds: on the player's clock.
            styles: looks, as `PreviewLook.style`.
            side: longest side of a card, px.
            strength, keep_colors: of all of them.
            client: who asks.

        Raises:
            UsageError, InputError, SupersededError: as `preview`; a look that is refused is told in its card.
        """
        serial = self._galleries[client] = next(self._serials)
        for style in styles:
            if client is not None and self._galleries[client] != serial:
                return
            look = PreviewLook(style, strength=strength, keep_colors=keep_colors)
            try:
                made = self.preview(source, seconds, look, side=side, card=True)
            except (PackError, UsageError, EnvironmentMissingError) as error:
                if isinstance(error, UsageError) and not self._is_about_the_look(style):
                    raise
                yield Card(style, None, str(error))
            else:
                yield Card(style, made)

    def _is_about_the_look(self, style: str) -> bool:
        try:
            self._looks.named(style)
        except (PackError, UsageError):
            return True
        return False

    def _shown(
        self, source: str | Path, seconds: float, client: str | None, *, behind: bool = False
    ) -> tuple[SourceInfo, SourceKey, ShownFrame]:
        found = self._frames.kept(source, seconds)
        if found is None:
            with self._reading.turn(client, behind=behind):
                found = self._frames.at(source, seconds)
        return self._frames.info(source), *found

    def _painted(
        self,
        network: LoadedNetwork,
        shares: dict[str, float] | None,
        look: PreviewLook,
        pixels: np.ndarray,
        client: str | None,
        card: bool,
    ) -> np.ndarray:
        if card:  # compiling takes longer than a slider should wait
            network.make_ready((pixels.shape[1], pixels.shape[0]))
        with self._painting.turn(client, behind=card):
            laid = network.look(shares, look.strength, look.keep_colors)
            result = network.paint(pixels, laid)
            self._looks.trim(network)
        return result


def displayed_size(width: int, height: int, aspect: Fraction, side: int | None) -> tuple[int, int]:
    """`(width, height)` of a frame with square pixels, its longer side at most `side` px; never enlarged.

    Args:
        width, height: of the frame, px.
        aspect: width over height of its pixels.
        side: None for as large as its pixels allow.
    """
    wide, high = (width * float(aspect), height) if aspect >= 1 else (width, height / float(aspect))
    factor = 1.0 if side is None else min(1.0, side / max(wide, high))
    return max(1, round(wide * factor)), max(1, round(high * factor))


def _at_most(size: tuple[int, int], px: int) -> tuple[int, int]:
    """A size, shrunk in proportion to about so many pixels where it has more."""
    width, height = size
    if width * height <= px:
        return size
    factor = math.sqrt(px / (width * height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def _since(began: float) -> float:
    return 1000 * (time.perf_counter() - began)
