"""Milliseconds from a slider's move, another look or another moment to the picture of it.

    python benchmarks/previews.py --data DATA [--clip chaplin.mp4]

Each move is asked over HTTP from a studio in a process of its own (over one kept connection, as a browser
does), and of a `PreviewDesk` in this process, at 640 px to the longer side, JPEG included. No move is asked
twice, so that none is answered from what is kept. The first answer, for which file and look are opened, is a
row of its own. What else the machine does counts a lot: the load average of the minute before stands beside,
and so does the processor time of a move, on average and over all cores, which other load changes little.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import child
import machine

from stylereel.actions.preview_desk import PreviewDesk
from stylereel.actions.preview_looks import PreviewLook

SIDE_PX = 640
Move = tuple[float, PreviewLook]
"""A moment, and a look."""
Answer = Callable[[float, PreviewLook], tuple[int, str]]
"""Asks for one, and says how many bytes came, and at which size it was painted."""


def moves(looks: Sequence[str], single: str, seconds: float, count: int) -> dict[str, list[Move]]:
    """What a person does, by what it is called."""
    at, first = seconds / 3, looks[0]
    rng = random.Random(7)
    shares = [round((index + 0.5) / count, 4) for index in range(count)]
    plain = PreviewLook(first)
    found = {
        "strength": [(at, replace(plain, strength=share)) for share in shares],
        "strength, keep colours": [
            (at, replace(plain, strength=share, keep_colors=True)) for share in shares
        ],
        "mix of two looks": [(at, replace(plain, mix=looks[1], share=share)) for share in shares],
        "another look": [
            (at + index // len(looks) / 10, replace(plain, style=looks[index % len(looks)], strength=0.9))
            for index in range(count)
        ],
        "strength, pack of one look": [(at, PreviewLook(single, strength=share)) for share in shares],
        "scrubbing onward, 0.1 s": [(0.1 * (index % int(10 * seconds)), plain) for index in range(count)],
        "scrubbing back, 0.1 s": [(at + 0.05 + 0.1 * (count - index) / 2, plain) for index in range(count)],
        "any moment": [(rng.uniform(0, seconds), plain) for _ in range(count)],
    }
    return {"first answer": [(at, plain)], "first of another pack": [(at, PreviewLook(single))], **found}


def measured(
    answer: Answer,
    cpu_seconds: Callable[[], float],
    everything: dict[str, list[Move]],
    where: str,
    clip: str,
) -> Iterator[machine.Row]:
    """A row for each kind of move."""
    for name, wanted in everything.items():
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        taken, painted, cpu = [], "", cpu_seconds()
        for seconds, look in wanted:
            began = time.perf_counter()
            _, painted = answer(seconds, look)
            taken.append(1000 * (time.perf_counter() - began))
        ordered = sorted(taken)
        yield {
            "clip": clip,
            "asked": where,
            "move": name,
            "p50 ms": statistics.median(ordered),
            "p95 ms": ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))],
            "CPU ms": 1000 * (cpu_seconds() - cpu) / len(wanted),
            "painted": painted,
            "load": round(load, 1),
        }


class OverHttp:
    """A studio in a process of its own, and a connection to it."""

    def __init__(self, folder: Path, clip: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = ["serve", "--port", str(port), "--folder", str(folder)]
        self.process = subprocess.Popen(child.command(words), stdout=subprocess.DEVNULL)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._wait()
        self._connection.request("POST", f"/api/media?name={clip.name}", clip.read_bytes())
        self._media = json.loads(self._connection.getresponse().read())["id"]

    def _wait(self) -> None:
        while self.process.poll() is None:
            try:
                self._connection.connect()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the studio does not start")

    def __call__(self, seconds: float, look: PreviewLook) -> tuple[int, str]:
        query = {
            "t": seconds,
            "look": look.style,
            "strength": look.strength,
            "side": SIDE_PX,
            "client": "page",
        }
        query |= {"keep_colors": str(look.keep_colors).lower()}
        query |= {"mix": look.mix, "share": look.share} if look.mix else {}
        self._connection.request("GET", f"/api/media/{self._media}/preview?{urlencode(query)}")
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {content[:300]!r}")
        return len(content), answer.headers["x-painted"]

    def cpu_seconds(self) -> float:
        """That the studio has used, all threads together; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the studio."""
        self._connection.close()
        self.process.terminate()
        self.process.wait(30)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=os.environ.get("STYLEREEL_DATA"))
    parser.add_argument("--clip", nargs="+", default=["chaplin.mp4"], help="in DATA/clips")
    parser.add_argument(
        "--look", nargs="+", default=["atelier:vangogh", "atelier:ukiyoe", "atelier:tarot", "atelier:wave"]
    )
    parser.add_argument("--single", default="wave", help="a pack of one look")
    parser.add_argument("--count", type=int, default=40, help="moves of each kind")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    if options.data is None:
        raise SystemExit("give --data or STYLEREEL_DATA")
    rows: list[machine.Row] = []
    for name in options.clip:
        clip = Path(options.data) / "clips" / name
        with PreviewDesk() as desk:
            length = desk.info(clip).duration_seconds or 1.0
            wanted = moves(options.look, options.single, length, options.count)

            def in_process(seconds: float, look: PreviewLook, desk=desk, clip=clip) -> tuple[int, str]:
                made = desk.preview(clip, seconds, look, side=SIDE_PX)
                return len(made.jpeg()), f"{made.painted_width}x{made.painted_height}"

            rows += measured(in_process, time.process_time, wanted, "in process", name)
        with tempfile.TemporaryDirectory() as folder:
            studio = OverHttp(Path(folder), clip)
            try:
                rows += measured(studio, studio.cpu_seconds, wanted, "over HTTP", name)
            finally:
                studio.close()
    machine.report("From a move to its picture, JPEG of 640 px", rows, options.json)


if __name__ == "__main__":
    main()
