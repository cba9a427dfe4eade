"""Anchors travel with the source, do not creep, and are renewed where motion has used them up."""

from __future__ import annotations

import numpy as np

from stylereel.core.anchors import still_places
from stylereel.temporal.anchor_track import anchors_of, follow, still_track, worn_out


def flow_of(x: float, y: float, shape=(60, 80)) -> np.ndarray:
    """From a frame back to the one before, when everything went (x, y) px."""
    return np.broadcast_to(np.array([-x, -y], np.float32), (*shape, 2)).copy()


def zoom(factor: float, height: int, width: int) -> np.ndarray:
    """Backward flow of a zoom into the middle."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    middle = np.array([(width - 1) / 2, (height - 1) / 2], np.float32)
    return (np.stack([x, y], -1) - middle) * (1 / factor - 1)


def test_a_picture_s_anchors_lie_where_a_still_picture_s_do():
    assert np.array_equal(still_track(240, 320).places, still_places(240, 320))
    assert still_track(1, 1).places.shape == (1, 1, 2) and still_track(45, 61).places.shape == (12, 16, 2)


def test_anchors_of_a_pan_are_the_panned_anchors_and_fresh_texture_comes_in():
    track = still_track(240, 320)
    for _ in range(10):
        track = follow(track, flow_of(1.0, -0.5), scale=4.0)  # 4 and -2 px a frame
    before, after = anchors_of(still_track(240, 320), 4), anchors_of(track, 4)
    assert np.allclose(after[:-5, 10:], before[5:, :-10], atol=1e-3)
    fresh = after[:-5, :10]
    assert 0.7 < fresh.std() < 1.3 and np.abs(fresh[:, 1:] - fresh[:, :-1]).mean() > 0.3


def test_a_long_pan_neither_blurs_nor_distorts():
    track = still_track(120, 160)
    for frame in range(2000):
        track = follow(track, flow_of(0.37 * np.cos(frame / 90), 0.21 * np.sin(frame / 70)), scale=4.0)
    assert not track.faded.any() and not worn_out(track.places).any()
    assert 0.85 < anchors_of(track, 4).std() < 1.15


def test_a_flow_s_faint_noise_does_not_let_a_still_camera_s_strokes_creep():
    random, track = np.random.default_rng(0), still_track(120, 160)
    for _ in range(300):
        track = follow(track, random.normal(0, 0.008, (30, 40, 2)).astype(np.float32), scale=1.0)
    assert np.abs(track.places - still_track(120, 160).places).max() < 0.5


def test_unsteady_flow_does_not_crumple_the_texture():
    random, track = np.random.default_rng(0), still_track(120, 160)
    for _ in range(300):
        track = follow(track, random.normal(0, 0.5, (30, 40, 2)).astype(np.float32), scale=1.0)
    assert worn_out(track.places).mean() < 0.02 and track.faded.astype(bool).mean() < 0.1


def test_what_a_zoom_has_stretched_is_renewed_without_a_jump():
    track = still_track(240, 320)
    steps, renewed, anchors = [], 0, anchors_of(track, 4)
    for _ in range(120):
        before = track.faded.mean()
        track = follow(track, zoom(1.02, 60, 80), scale=4.0)
        renewed += bool(before > 0.5 > track.faded.mean())
        now = anchors_of(track, 4)
        steps.append(float(np.abs(now - anchors).mean()))
        anchors = now
        assert 0.8 < now.std() < 1.25
    assert renewed >= 2  # an elevenfold zoom
    assert max(steps) < 3 * np.median(steps)


def test_what_moves_before_a_still_background_does_not_let_the_background_be_painted_anew():
    """A person walks to and fro before a wall: above and below the path it keeps its strokes."""
    track, first = still_track(240, 320), anchors_of(still_track(240, 320), 4)
    for frame in range(300):
        flow = np.zeros((120, 160, 2), np.float32)
        x, step = 80 + 50 * np.sin(frame / 12), 50 / 12 * np.cos(frame / 12)
        flow[40:80, int(x) - 15 : int(x) + 15, 0] = -step
        track = follow(track, flow, scale=2.0)
        assert track.faded.astype(bool)[:16].mean() == 0 and track.faded.astype(bool)[46:].mean() == 0
    now = anchors_of(track, 4)
    for rows in (slice(0, 16), slice(46, 60)):
        assert np.corrcoef(now[rows].ravel(), first[rows].ravel())[0, 1] > 0.95


def test_an_object_that_grows_is_renewed_and_the_rest_is_not():
    track = still_track(240, 320)
    faded_inside = 0.0
    for _ in range(60):
        flow = np.zeros((60, 80, 2), np.float32)
        flow[15:45, 20:60] = zoom(1.03, 30, 40)
        track = follow(track, flow, scale=4.0)
        faded_inside = max(faded_inside, float(track.faded[20:40, 30:50].mean()))
        assert not track.faded[:8].any() and not track.faded[52:].any()
    assert faded_inside > 0.3


def test_its_size_does_not_grow():
    track = still_track(48, 64)
    for _ in range(200):
        track = follow(track, zoom(1.03, 12, 16), scale=4.0)
        assert track.places.shape == (12, 16, 2) and track.places.dtype == np.float32
        assert track.fresh.shape == (12, 16, 2) and track.faded.shape == (12, 16)
        assert track.fresh.dtype == track.faded.dtype == np.float32
