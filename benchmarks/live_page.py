"""Frames a second and the way there and back of the Live view in real Chromium, over a loopback WebSocket.

    python benchmarks/live_page.py --style vangogh --seconds 20

Chromium's fake camera plays a clip of 640x360 at 30 fps that is made here. The round trip is from the moment
when the page has drawn the camera's picture to when the painted one is decoded, as the page itself measures
it: JPEG there and back, painting, and all that waits. Browser, studio and network share the machine. What
else it does counts a lot: the load average before and after is printed beside.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import machine
import numpy as np

from stylereel.studio.house import open_house
from stylereel.studio.serving import StudioServer, bound_socket
from stylereel.studio.settings import StudioSettings

ARGUMENTS = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
)  # fmt: skip
_START_SECONDS = 60


def moving_jpegs(path: Path, width: int, height: int, frames: int = 90) -> Path:
    """A clip for the fake camera: a coarse pattern that moves, with detail and grain, as MJPEG."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (height // 40 + 4, width // 40 + 12, 3), np.uint8)
    wide = cv2.resize(coarse, (width + 360, height), interpolation=cv2.INTER_CUBIC)
    wide = np.clip(wide + rng.normal(0, 6, wide.shape), 0, 255).astype(np.uint8)
    with path.open("wb") as out:
        for index in range(frames):
            at = round(180 * (1 + np.sin(2 * np.pi * index / frames)))
            frame = np.ascontiguousarray(wide[:, at : at + width])
            cv2.circle(frame, (width // 2, height // 2), 60 + index % 45, (240, 240, 240), -1)
            out.write(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return path


def measured(page: Any, seconds: float) -> Iterator[tuple[float, float, float, int]]:
    """Once a second: frames a second, round trip p50 and p95 of the last three seconds, dropped so far."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        page.wait_for_timeout(1000)
        texts = {
            name.strip(): value
            for name, value in page.evaluate(
                "() => [...document.querySelectorAll('.live-meter > div')].map((one) => "
                "[one.querySelector('dt').textContent, one.querySelector('dd').textContent + ' ' + "
                "one.querySelector('dd').title])"
            )
        }
        trip = [float(number) for number in re.findall(r"(\d+) ms", texts["Round trip"])]
        fps = re.findall(r"[\d.]+", texts["Frames a second"])
        if len(trip) == 2 and fps:
            yield float(fps[0]), trip[0], trip[1], int(re.findall(r"\d+", texts["Dropped"])[0])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--style", nargs="+", default=["vangogh"])
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warm-up", type=float, default=8.0, help="seconds that do not count")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium")
    options = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    width, height = (int(side) for side in options.size.split("x"))
    rows: list[machine.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        clip = moving_jpegs(Path(folder) / "camera.mjpeg", width, height)
        settings = StudioSettings(folder=Path(folder) / "studio", port=0)
        listening = bound_socket(settings)
        settings = settings.model_copy(update={"port": listening.getsockname()[1]})
        house = open_house(settings)
        server = StudioServer(house)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=options.chromium,
                args=[*ARGUMENTS, f"--use-file-for-fake-video-capture={clip}"],
            )
            for style in options.style:
                load = os.getloadavg()[0] if sys.platform != "win32" else 0.0
                page = browser.new_page(viewport={"width": 1280, "height": 720})
                page.goto(f"{settings.url}/#/live?look={style}")
                page.locator(".live-bar").get_by_role("button", name="Start camera").click()
                page.wait_for_selector(".live-message", state="hidden", timeout=1000 * _START_SECONDS)
                page.wait_for_timeout(1000 * options.warm_up)
                found = list(measured(page, options.seconds))
                (session,) = house.rooms["live"].sessions
                painting = session._frames.status()
                rows.append(
                    {
                        "style": style,
                        "size": options.size,
                        "fps": float(np.median([each[0] for each in found])),
                        "fps, worst second": min(each[0] for each in found),
                        "round trip p50 ms": float(np.median([each[1] for each in found])),
                        "round trip p95 ms": float(np.median([each[2] for each in found])),
                        "server p50 ms": painting.latency_p50_ms,
                        "painted at": f"{painting.network_width}x{painting.network_height}",
                        "load before": load,
                        "load after": os.getloadavg()[0] if sys.platform != "win32" else 0.0,
                    }
                )
                page.close()
            browser.close()
        server.should_exit = True
        thread.join(10)
        house.close()
        listening.close()
    machine.report(f"The Live view in Chromium for {options.seconds:g} s", rows, None)


if __name__ == "__main__":
    main()
