"""A moment of a video as it is, in a look, and in all looks: what the page draws while one chooses."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from stylereel.actions.look_list import list_looks
from stylereel.actions.preview_desk import Preview, PreviewDesk
from stylereel.actions.preview_looks import PreviewLook
from stylereel.core.errors import StylereelError, SupersededError, UsageError
from stylereel.studio.house import House
from stylereel.studio.problem import Problem
from stylereel.studio.routes.looks import known_look

MediaId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Seconds = Annotated[
    float,
    Query(
        ge=0, le=1e7, allow_inf_nan=False, description="On the player's clock; past the end, the last frame."
    ),
]
Side = Annotated[int, Query(ge=16, le=4096, description="The longer side at most, px; never enlarged.")]
Quality = Annotated[int, Query(ge=1, le=100, description="Of the JPEG.")]
Client = Annotated[
    str | None,
    Query(
        max_length=100,
        description="Who asks, by any name. Of one client's requests that wait, the newest alone is answered "
        "and the others get 409.",
    ),
]
Share = Annotated[float, Query(ge=0, le=1, allow_inf_nan=False)]


class Jpeg(Response):
    """A JPEG."""

    media_type = "image/jpeg"


@dataclass(frozen=True)
class _CardOptions:
    side: int
    quality: int
    strength: float
    keep_colors: bool
    client: str | None


def router(house: House) -> APIRouter:
    """Routes below /api/media/{id}."""
    routes = APIRouter()
    desk = house.room("previews", PreviewDesk)
    house.shelf.before_removal.append(desk.forget)

    @routes.get("/media/{media_id}/frame", response_class=Jpeg)
    def frame(
        media_id: MediaId, t: Seconds = 0.0, side: Side = 640, quality: Quality = 85, client: Client = None
    ) -> Response:
        """The frame that is shown at a time."""
        began, path = time.perf_counter(), house.shelf.path(media_id)
        with _newest_alone():
            return _jpeg(desk.frame(path, t, side=side, client=client), quality, began)

    @routes.get("/media/{media_id}/preview", response_class=Jpeg)
    def preview(
        media_id: MediaId,
        look: Annotated[str, Query(max_length=700, description="An id of GET /api/looks.")],
        t: Seconds = 0.0,
        mix: Annotated[
            str | None, Query(max_length=700, description="A second look of the same pack.")
        ] = None,
        share: Annotated[
            float, Query(ge=0, le=1, allow_inf_nan=False, description="Of the second look.")
        ] = 0.5,
        strength: Share = 1.0,
        keep_colors: bool = False,
        side: Side = 640,
        quality: Quality = 85,
        max_side: Annotated[
            int | None, Query(ge=16, le=16384, description="Of the export, px, where it is made smaller.")
        ] = None,
        exact: Annotated[
            bool, Query(description="Paint at the size of the export, however long that takes.")
        ] = False,
        card: Annotated[
            bool, Query(description="A card of a gallery: painted small, and after all that is none.")
        ] = False,
        client: Client = None,
    ) -> Response:
        """The frame that is shown at a time, in a look.

        Headers of the answer: `X-Milliseconds` that it took; `X-Painted`, the size that it was painted at;
        `X-Stroke-Scale`, how many times larger strokes are than in the export (1 where they are the same);
        `X-Seconds`, when the frame begins.
        """
        began, path = time.perf_counter(), house.shelf.path(media_id)
        for name in filter(None, (look, mix)):
            known_look(name)
        wanted = PreviewLook(look, mix, share, strength, keep_colors)
        with _newest_alone():
            made = desk.preview(
                path, t, wanted, side=side, max_side=max_side, exact=exact, card=card, client=client
            )
            return _jpeg(made, quality, began)

    @routes.get("/media/{media_id}/gallery", response_class=StreamingResponse)
    def gallery(
        media_id: MediaId,
        t: Seconds = 0.0,
        side: Annotated[int, Query(ge=16, le=640)] = 240,
        quality: Quality = 80,
        strength: Share = 1.0,
        keep_colors: bool = False,
        look: Annotated[
            list[str] | None, Query(max_length=500, description="Which; all where none is named.")
        ] = None,
        client: Client = None,
    ) -> StreamingResponse:
        """One moment in many looks, one line of JSON for each as soon as it is painted.

        `{"look": id, "picture": "data:image/jpeg;base64,..."}`, or `{"look": id, "problem": text}`. Sliders
        go before it; a client's next gallery ends the one before.
        """
        path = house.shelf.path(media_id)
        known = [each.name for each in list_looks()]
        for name in look or ():
            known_look(name)
        desk.frame(path, t, side=side)  # what cannot be read is told with a status
        options = _CardOptions(side, quality, strength, keep_colors, client)
        lines = _cards(desk, path, t, look or known, options)
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return routes


def _cards(
    desk: PreviewDesk,
    path: FilePath,
    seconds: float,
    looks: list[str],
    options: _CardOptions,
) -> Iterator[bytes]:
    try:
        for card in desk.gallery(
            path,
            seconds,
            looks,
            side=options.side,
            strength=options.strength,
            keep_colors=options.keep_colors,
            client=options.client,
        ):
            line: dict[str, object] = {"look": card.style}
            if card.preview is None:
                line["problem"] = card.problem
            else:
                jpeg = base64.b64encode(card.preview.jpeg(options.quality)).decode("ascii")
                line |= {"picture": f"data:image/jpeg;base64,{jpeg}", **_facts(card.preview)}
            yield json.dumps(line).encode() + b"\n"
    except StylereelError as error:  # the status is sent already
        yield json.dumps({"problem": str(error)}).encode() + b"\n"


@contextlib.contextmanager
def _newest_alone() -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise Problem(422, str(error), "GET /api/looks lists the looks, and which of them mix.") from None
    except SupersededError as error:
        raise Problem(409, str(error), "Nothing is to be done: the newer request is answered.") from None


def _jpeg(made: Preview, quality: int, began: float) -> Response:
    answer = Jpeg(made.jpeg(quality))
    facts = _facts(made)
    for name, value in facts.items():
        answer.headers[f"x-{name.replace('_', '-')}"] = str(value)
    answer.headers["x-milliseconds"] = f"{1000 * (time.perf_counter() - began):.1f}"
    return answer


def _facts(made: Preview) -> dict[str, object]:
    return {
        "seconds": round(made.seconds, 6),
        "painted": f"{made.painted_width}x{made.painted_height}",
        "stroke_scale": round(made.stroke_scale, 4),
        "milliseconds": round(made.milliseconds, 1),
    }
