"""What the page draws while a person chooses: looks, frames, previews, and the gallery."""

import json
import threading
from urllib.parse import quote

import cv2
import numpy as np
import pytest

from clips import make_clip, make_pictures
from stylereel.actions.preview_desk import PreviewDesk
from stylereel.actions.preview_looks import PreviewLook
from toy_packs import toy_pack


@pytest.fixture
def media(studio, clip) -> dict:
    return uploaded(studio, clip)


def uploaded(studio, path) -> dict:
    answer = studio.client.post("/api/media", params={"name": path.name}, content=path.read_bytes())
    assert answer.status_code == 201, answer.text
    return answer.json()


def picture_of(answer) -> np.ndarray:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def preview(studio, media, **query):
    return studio.client.get(f"/api/media/{media['id']}/preview", params=query)


def trouble(answer, status: int) -> str:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["text"] and error["hint"]
    return f"{error['text']} {error['hint']}"


def test_all_looks_are_listed_with_what_a_gallery_tells(studio):
    looks = {look["id"]: look for look in studio.client.get("/api/looks").json()["looks"]}
    assert {"negative", "brush", "wave", "atelier:vangogh", "atelier:scream"} <= set(looks)
    assert looks["negative"]["is_mine"] and not looks["wave"]["is_mine"]
    assert looks["negative"]["credit"] == "Museum of Toys" and looks["negative"]["license"] == "CC0-1.0"
    assert looks["atelier:vangogh"]["mixes"] and not looks["wave"]["mixes"]
    assert looks["atelier:vangogh"]["title"] == "Van Gogh" and looks["atelier:scream"]["title"] == "Scream"
    assert (looks["atelier:wave"]["pack"], looks["atelier:wave"]["look"]) == ("atelier", "wave")
    one = studio.client.get(f"/api/looks/{quote('atelier:wave', safe='')}").json()
    assert one == looks["atelier:wave"]


def test_a_look_that_is_kept_while_the_studio_runs_is_there_without_a_restart(studio, media, tmp_path):
    import os

    toy_pack(tmp_path / "fresh", "invert")
    own = os.environ["STYLEREEL_PACKS"]
    os.environ["STYLEREEL_PACKS"] = str(tmp_path)
    try:
        ids = [look["id"] for look in studio.client.get("/api/looks").json()["looks"]]
        assert "fresh" in ids and "negative" not in ids
        picture_of(preview(studio, media, look="fresh"))
        trouble(preview(studio, media, look="negative"), 404)
    finally:
        os.environ["STYLEREEL_PACKS"] = own


@pytest.mark.parametrize("look", ["wave", "atelier:wave", "atelier%3Awave"])
def test_the_picture_of_a_look_is_that_of_its_pack(look, studio):
    assert picture_of(studio.client.get(f"/api/looks/{look}/picture")).size


def test_a_frame_is_the_one_that_is_seen_at_that_time(studio, media, clip):
    answer = studio.client.get(f"/api/media/{media['id']}/frame", params={"t": 0.3, "side": 32})
    assert picture_of(answer).shape == (24, 32, 3)
    assert float(answer.headers["x-seconds"]) == pytest.approx(0.28)
    with PreviewDesk() as desk:
        off = np.abs(picture_of(answer).astype(int) - desk.frame(clip, 0.3, side=32).pixels)
    assert off.mean() < 4


def test_a_preview_is_what_the_desk_paints_and_says_how(studio, media, clip):
    query = {"t": 0.2, "look": "brush", "strength": 0.5, "keep_colors": True, "quality": 100}
    answer = preview(studio, media, **query)
    with PreviewDesk() as desk:
        expected = desk.preview(clip, 0.2, PreviewLook("brush", strength=0.5, keep_colors=True))
    assert np.abs(picture_of(answer).astype(int) - expected.pixels).mean() < 4
    assert answer.headers["x-painted"] == "64x48" and float(answer.headers["x-stroke-scale"]) == 1
    assert 0 < float(answer.headers["x-milliseconds"]) < 60_000


def test_looks_of_one_pack_are_mixed(studio, media):
    seen = [
        picture_of(preview(studio, media, look="atelier:wave", mix="atelier:tarot", share=share, quality=100))
        for share in (0, 0.5, 1)
    ]
    assert (seen[0] != seen[1]).any() and (seen[1] != seen[2]).any()
    alone = picture_of(preview(studio, media, look="atelier:tarot", quality=100))
    np.testing.assert_array_equal(seen[2], alone)


def test_a_smaller_export_is_previewed_as_it_will_be_painted(studio, tmp_path):
    large = uploaded(studio, make_clip(tmp_path / "a.mp4", frames=3, size=(160, 96)))
    answer = preview(studio, large, look="brush", max_side=80)
    assert answer.headers["x-painted"] == "80x48"


def test_a_picture_is_previewed_too(studio, tmp_path):
    picture = uploaded(studio, make_pictures(tmp_path / "p", 1, size=(80, 60)) / "frame1.png")
    assert picture_of(preview(studio, picture, look="negative", t=5, side=40)).shape == (30, 40, 3)


def test_the_gallery_arrives_card_by_card(studio, media):
    query = {"t": 0.2, "side": 48, "look": ["negative", "brush"]}
    with studio.client.stream("GET", f"/api/media/{media['id']}/gallery", params=query) as answer:
        assert answer.status_code == 200
        cards = [json.loads(line) for line in answer.iter_lines()]
    assert [card["look"] for card in cards] == ["negative", "brush"]
    assert all(card["picture"].startswith("data:image/jpeg;base64,") for card in cards)


def test_a_gallery_without_names_is_one_of_all_looks(studio, media):
    answer = studio.client.get(f"/api/media/{media['id']}/gallery", params={"side": 32})
    shown = [json.loads(line)["look"] for line in answer.text.splitlines()]
    assert shown == [look["id"] for look in studio.client.get("/api/looks").json()["looks"]]


def test_a_request_whose_place_a_newer_one_took_is_told_so(studio, media, monkeypatch):
    desk = studio.house.rooms["previews"]
    studio.client.get(f"/api/media/{media['id']}/frame")
    answers = []
    with desk._painting.turn():
        for strength in (0.3, 0.6):
            asked = threading.Thread(
                target=lambda s=strength: answers.append(
                    preview(studio, media, look="negative", strength=s, client="page")
                )
            )
            asked.start()
            while desk._painting.waiting < 1 or (strength == 0.6 and not answers):
                pass
    asked.join(30)
    assert "newer" in trouble(answers[0], 409)
    picture_of(answers[1])


def test_nothing_is_kept_of_media_that_is_deleted(studio, media):
    desk = studio.house.rooms["previews"]
    preview(studio, media, look="negative")
    assert desk._cache.held_bytes and desk._frames._open
    assert studio.client.delete(f"/api/media/{media['id']}").status_code == 200
    assert not desk._cache.held_bytes and not desk._frames._open
    trouble(preview(studio, media, look="negative"), 404)


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"look": "nowhere"}, 404, "nowhere"),
        ({"look": "atelier"}, 404, "atelier:vangogh"),
        ({"look": "../packs/wave"}, 404, "no look"),
        ({"look": "/etc"}, 404, "no look"),
        ({"look": "negative", "mix": "brush"}, 422, "cannot be mixed"),
        ({"look": "atelier:wave", "mix": "nothing"}, 404, "nothing"),
        ({"look": "negative", "strength": 1.5}, 422, "strength"),
        ({"look": "negative", "strength": "nan"}, 422, "strength"),
        ({"look": "negative", "t": -1}, 422, "'t'"),
        ({"look": "negative", "side": 5}, 422, "side"),
        ({"look": "negative", "quality": 0}, 422, "quality"),
        ({}, 422, "look"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_told(query, status, told, studio, media):
    assert told in trouble(preview(studio, media, **query), status)


@pytest.mark.parametrize("path", ["frame", "preview?look=negative", "gallery"])
def test_media_that_is_not_there_is_told(path, studio):
    trouble(studio.client.get(f"/api/media/{'0' * 32}/{path}"), 404)
    trouble(studio.client.get(f"/api/media/..%2f..%2fetc/{path}"), 404)


def test_a_pack_without_a_picture_says_so(studio, monkeypatch, tmp_path):
    pack = toy_pack(tmp_path / "bare", "invert")
    card = json.loads((pack.folder / "card.json").read_text())
    del card["files"]["preview.jpg"]
    (pack.folder / "card.json").write_text(json.dumps(card))
    monkeypatch.setenv("STYLEREEL_PACKS", str(tmp_path))
    assert "no picture" in trouble(studio.client.get("/api/looks/bare/picture"), 404)
    trouble(studio.client.get("/api/looks/nowhere/picture"), 404)
