"""A preview is what the export gives, comes at once, and holds no more than it says."""

import itertools
import threading
from fractions import Fraction

import cv2
import numpy as np
import pytest

from clips import make_clip, make_pictures
from stylereel.actions import preview_looks as looks_file
from stylereel.actions.preview_desk import PreviewDesk, displayed_size
from stylereel.actions.preview_frames import ArrayCache
from stylereel.actions.preview_looks import PreviewLook
from stylereel.actions.stylize import stylize
from stylereel.core.errors import (
    InputError,
    MissingInputError,
    SupersededError,
    UsageError,
)
from stylereel.video.scrubber import Scrubber
from toy_packs import toy_pack

SAME = 1.0
"""Levels of 255, on average, that a look steered within a network of many may be off the one folded in."""
SAME_AT_MOST = 24
"""Levels of 255 of the worst pixel: both round to bf16 on the way."""
SETTINGS = [{}, {"strength": 0.5}, {"keep_colors": True}, {"strength": 0.5, "keep_colors": True}]


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    toy_pack(folder / "toy", "conv")
    toy_pack(folder / "plain", "invert")
    return folder


@pytest.fixture(scope="module")
def many(packs):
    pytest.importorskip("torch", reason="the training extra is not installed")
    from many_looks import many_pack, many_recipe

    many_pack(packs / "many", many_recipe())
    return "many"


@pytest.fixture
def desk(packs, monkeypatch):
    monkeypatch.setenv("STYLEREEL_PACKS", str(packs))
    with PreviewDesk() as opened:
        yield opened


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_clip(tmp_path_factory.mktemp("clips") / "a.mp4", frames=30, size=(160, 96), gop=10)


def exported(clip, folder, look, **options):
    stylize(
        clip,
        folder / "out",
        style=look.as_style(),
        strength=look.strength,
        keep_colors=look.keep_colors,
        **options,
    )
    files = sorted((folder / "out").glob("*.png"))
    return cv2.cvtColor(cv2.imread(str(files[0])), cv2.COLOR_BGR2RGB)


def apart(found, expected):
    assert found.shape == expected.shape
    off = np.abs(found.astype(int) - expected.astype(int))
    return off.mean(), off.max()


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_preview_of_one_look_is_the_first_frame_of_the_export(settings, desk, clip, tmp_path):
    look = PreviewLook("toy", **settings)
    expected = exported(clip, tmp_path, look, end=0.1)
    found = desk.preview(clip, 0, look, side=None)
    assert (found.painted_width, found.painted_height, found.stroke_scale) == (160, 96, 1.0)
    np.testing.assert_array_equal(found.pixels, expected)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("mix", [None, "chalk", "many:chalk"])
def test_a_preview_of_a_look_or_mixture_is_the_first_frame_of_the_export(
    mix, settings, desk, many, clip, tmp_path
):
    look = PreviewLook("many:oil", mix=mix, share=0.3, **settings)
    mean, most = apart(desk.preview(clip, 0, look, side=None).pixels, exported(clip, tmp_path, look, end=0.1))
    assert mean <= SAME and most <= SAME_AT_MOST


def test_a_preview_within_the_video_is_the_first_frame_of_an_export_from_there(desk, clip, tmp_path):
    look = PreviewLook("toy")
    found = desk.preview(clip, 0.6, look, side=None)
    assert found.seconds == pytest.approx(0.6)
    np.testing.assert_array_equal(found.pixels, exported(clip, tmp_path, look, start=0.6, end=0.7))


def test_a_preview_for_a_smaller_export_is_painted_at_that_size(desk, clip, tmp_path):
    look = PreviewLook("toy")
    expected = exported(clip, tmp_path, look, end=0.1, max_side=100)
    found = desk.preview(clip, 0, look, side=None, max_side=100)
    assert (found.painted_width, found.painted_height) == (100, 60)
    np.testing.assert_array_equal(found.pixels, expected)


def test_a_frame_that_is_too_large_to_be_quick_is_painted_smaller_and_says_so(desk, clip, monkeypatch):
    monkeypatch.setattr(looks_file, "QUICK_PX", {})
    monkeypatch.setattr(looks_file, "QUICK_PX_ELSE", 80 * 48)
    quick = desk.preview(clip, 0, PreviewLook("toy"))
    assert (quick.painted_width, quick.stroke_scale) == (80, 2.0)
    exact = desk.preview(clip, 0, PreviewLook("toy"), side=80, exact=True)
    assert (exact.painted_width, exact.stroke_scale) == (160, 1.0)
    assert quick.pixels.shape == exact.pixels.shape == (48, 80, 3)
    assert (quick.pixels != exact.pixels).any()


def test_other_looks_shares_and_strengths_of_a_pack_load_no_network_anew(desk, many, clip, monkeypatch):
    desk.preview(clip, 0, PreviewLook("many:oil"))
    monkeypatch.setattr(looks_file, "LoadedNetwork", lambda pack: pytest.fail("loaded again"))
    monkeypatch.setattr(Scrubber, "at", lambda *arguments: pytest.fail("read again"))
    seen = [
        desk.preview(clip, 0, PreviewLook("many:oil", mix="ink", share=share, strength=strength)).pixels
        for share, strength in ((0.2, 1.0), (0.8, 1.0), (0.8, 0.4), (0.8, 0.0))
    ]
    assert all((one != other).any() for one, other in itertools.pairwise(seen))
    np.testing.assert_array_equal(seen[-1], desk.frame(clip, 0).pixels)


def test_the_same_question_is_not_painted_twice(desk, clip, monkeypatch):
    first = desk.preview(clip, 0, PreviewLook("toy"))
    monkeypatch.setattr(looks_file.LoadedNetwork, "paint", lambda *arguments: pytest.fail("painted again"))
    np.testing.assert_array_equal(desk.preview(clip, 0, PreviewLook("toy")).pixels, first.pixels)


def test_shares_of_none_and_all_are_the_looks_themselves(desk, many):
    assert PreviewLook("many:oil", mix="ink", share=0).as_style() == "many:oil"
    assert PreviewLook("many:oil", mix="ink", share=1).as_style() == "many:ink"
    assert PreviewLook("many:oil", mix="oil", share=0.4).as_style() == "many:oil"
    assert PreviewLook("many:oil", mix="many:ink", share=0.3).as_style() == "many:oil*0.7+ink*0.3"


def test_a_trained_again_pack_is_seen_at_once(desk, packs, clip):
    before = desk.preview(clip, 0, PreviewLook("plain")).pixels
    (packs / "plain" / "card.json").unlink()
    toy_pack(packs / "plain", "half", description="Trained again.")
    after = desk.preview(clip, 0, PreviewLook("plain")).pixels
    assert (before != after).any()


def test_pictures_are_previewed_too_and_have_one_moment(desk, tmp_path):
    picture = make_pictures(tmp_path / "p", 2, size=(80, 60)) / "frame2.png"
    shown = desk.preview(picture, 3.0, PreviewLook("plain"), side=40)
    assert shown.seconds == 0 and shown.pixels.shape == (30, 40, 3)
    jpeg = cv2.imdecode(np.frombuffer(shown.jpeg(95), np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(jpeg[..., ::-1].astype(int) - shown.pixels).mean() < 2


def test_what_is_shown_has_square_pixels(desk, tmp_path):
    wide = make_clip(tmp_path / "a.mp4", frames=3, size=(96, 64), sample_aspect_ratio=Fraction(4, 3))
    shown = desk.preview(wide, 0, PreviewLook("plain"), side=64)
    assert shown.pixels.shape == (32, 64, 3) and shown.painted_width == 96
    assert displayed_size(96, 64, Fraction(1, 2), None) == (96, 128)


def test_a_gallery_has_a_card_for_every_look_and_says_which_cannot_be_used(desk, packs, clip):
    (packs / "broken").mkdir(exist_ok=True)
    (packs / "broken" / "card.json").write_text("{}")
    cards = list(desk.gallery(clip, 0.4, ["toy", "broken", "nothing", "plain"], side=80))
    assert [card.style for card in cards] == ["toy", "broken", "nothing", "plain"]
    assert [card.preview is None for card in cards] == [False, True, True, False]
    assert "schema version" in cards[1].problem and "nothing" in cards[2].problem
    assert cards[0].preview.pixels.shape == (48, 80, 3)


def test_a_slider_goes_before_the_cards_of_a_gallery(desk, clip, monkeypatch):
    order, entered, leave = [], threading.Event(), threading.Event()
    paint = looks_file.LoadedNetwork.paint

    def slow(network, pixels, look):
        order.append(look.strength)
        entered.set()
        assert leave.wait(30)
        return paint(network, pixels, look)

    monkeypatch.setattr(looks_file.LoadedNetwork, "paint", slow)
    threads = [threading.Thread(target=lambda: list(desk.gallery(clip, 0, ["toy"], strength=0.1)))]
    threads[0].start()
    assert entered.wait(30)
    waits = [
        lambda: list(desk.gallery(clip, 0, ["plain"], strength=0.2)),
        lambda: desk.preview(clip, 0, PreviewLook("toy", strength=0.3), client="page"),
    ]
    for index, wait in enumerate(waits):
        threads.append(threading.Thread(target=wait))
        threads[-1].start()
        while desk._painting.waiting <= index:
            pass
    leave.set()
    for thread in threads:
        thread.join(30)
    assert order == [0.1, 0.3, 0.2]


def test_a_dragged_slider_is_answered_to_its_last_place(desk, clip, monkeypatch):
    desk.frame(clip, 0)
    painted, entered, leave = [], threading.Event(), threading.Event()
    paint = looks_file.LoadedNetwork.paint

    def slow(network, pixels, look):
        painted.append(look.strength)
        entered.set()
        assert leave.wait(30)
        return paint(network, pixels, look)

    monkeypatch.setattr(looks_file.LoadedNetwork, "paint", slow)
    answers, dropped = [], []

    def ask(strength):
        try:
            answers.append(desk.preview(clip, 0, PreviewLook("toy", strength=strength), client="page"))
        except SupersededError:
            dropped.append(strength)

    threads = [threading.Thread(target=ask, args=[0.1])]
    threads[0].start()
    assert entered.wait(30)
    for strength in (0.2, 0.3, 0.4):
        threads.append(threading.Thread(target=ask, args=[strength]))
        threads[-1].start()
        while desk._painting.waiting + len(dropped) < len(threads) - 1 or desk._painting.waiting != 1:
            pass
    leave.set()
    for thread in threads:
        thread.join(30)
    assert painted == [0.1, 0.4] and sorted(dropped) == [0.2, 0.3] and len(answers) == 2


def test_another_gallery_of_a_client_ends_the_one_before(desk, clip):
    first = desk.gallery(clip, 0, ["toy", "plain"], client="page")
    assert next(first).style == "toy"
    second = desk.gallery(clip, 0.5, ["toy", "plain"], client="page")
    assert next(second).style == "toy"
    assert not list(first) and len(list(second)) == 1


def test_many_threads_get_what_each_asked_for(desk, many, clip):
    looks = [PreviewLook("toy"), PreviewLook("many:oil"), PreviewLook("many:ink", strength=0.5)]
    times = [0.0, 0.4, 0.8]
    expected = {(t, look): desk.preview(clip, t, look).pixels for t in times for look in looks}
    problems = []

    def ask(number):
        with_desk = PreviewDesk(kept_bytes=100_000) if number == 0 else desk
        for step in range(9):
            at, look = times[(number + step) % 3], looks[step // 3]
            found = with_desk.preview(clip, at, look).pixels
            if (found != expected[at, look]).any():
                problems.append((number, at, look))
        if number == 0:
            with_desk.close()

    threads = [threading.Thread(target=ask, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems


def test_what_is_kept_is_bounded_and_closing_lets_go_of_it(desk, clip):
    small = PreviewDesk(kept_bytes=200_000)
    for index in range(20):
        small.preview(clip, index / 25, PreviewLook("toy"))
        assert small._cache.held_bytes <= 200_000
    for index in range(3):
        small.frame(make_clip(clip.parent / f"other{index}.mp4", frames=2), 0)
    assert len(small._frames._open) == 3
    small.close()
    small.close()
    assert not small._cache.held_bytes and not small._frames._open and not small._looks._networks
    with pytest.raises(UsageError, match="closed"):
        small.preview(clip, 0, PreviewLook("toy"))


def test_networks_are_let_go_of_when_they_are_too_many_or_hold_too_much(desk, packs, clip, monkeypatch):
    for name in ("one", "two", "three"):
        toy_pack(packs / name, "half")
    monkeypatch.setattr(looks_file, "MOST_NETWORKS", 2)
    for name in ("one", "two", "three"):
        desk.preview(clip, 0, PreviewLook(name))
    assert [network.pack.card.name for network in desk._looks._networks.values()] == ["two", "three"]
    monkeypatch.setattr(looks_file, "KEPT_PX", 160 * 96)
    desk.preview(clip, 0, PreviewLook("three", strength=0.5))
    assert [network.pack.card.name for network in desk._looks._networks.values()] == ["three"]


def test_a_file_that_was_forgotten_can_be_replaced(desk, tmp_path):
    path = make_clip(tmp_path / "a.mp4", frames=5, size=(64, 48))
    desk.frame(path, 0)
    desk.preview(path, 0, PreviewLook("plain"))
    assert desk._cache.held_bytes
    desk.forget(path)
    assert not desk._frames._open and not desk._cache.held_bytes
    make_clip(path, frames=5, size=(96, 48))
    assert desk.frame(path, 0).pixels.shape == (48, 96, 3)


def test_an_array_larger_than_all_there_may_be_is_not_kept():
    cache = ArrayCache(100)
    cache.keep(("large",), np.zeros(200, np.uint8))
    assert cache.get(("large",)) is None and cache.held_bytes == 0


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (PreviewLook("many"), "choose one"),
        (PreviewLook("toy:oil"), "one look"),
        (PreviewLook("many:nothing"), "nothing"),
        (PreviewLook("many:oil", mix="toy"), "toy"),
        (PreviewLook("toy", mix="plain"), "cannot be mixed"),
        (PreviewLook("many:oil", mix="other:ink"), "cannot be mixed"),
        (PreviewLook("many:oil*0.5+ink*0.5", mix="chalk"), "cannot be mixed"),
        (PreviewLook("many:oil", mix="ink", share=1.5), "share"),
        (PreviewLook("toy", strength=2), "strength"),
        (PreviewLook("nowhere"), "nowhere"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_told(look, told, desk, many, clip):
    with pytest.raises(UsageError, match=told):
        desk.preview(clip, 0, look)


def test_sizes_and_files_that_cannot_be_are_told(desk, clip, tmp_path):
    with pytest.raises(UsageError, match="side is 4"):
        desk.frame(clip, 0, side=4)
    with pytest.raises(UsageError, match="0 or later"):
        desk.frame(clip, -1)
    with pytest.raises(UsageError, match="quality"):
        desk.frame(clip, 0).jpeg(0)
    with pytest.raises(MissingInputError):
        desk.frame(tmp_path / "no.mp4", 0)
    (tmp_path / "bad.mp4").write_bytes(b"no video at all" * 50)
    with pytest.raises(InputError):
        desk.frame(tmp_path / "bad.mp4", 0)
