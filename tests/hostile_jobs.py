"""Files of jobs for `stylereel batch` that nobody should write."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

from changed_bytes import CHANGES

NAME, FOLDER = "jobs.toml", "out"
TOP = {"styles": '["./pack"]', "output": f'"{FOLDER}"', "runner": '"onnxruntime"', "threads": "1"}
FIRST = {"source": '"in.png"', "strength": "0.5", "max-side": "64"}
SECOND = {"source": '["in.png", "film.gif"]', "sizes": '[32, "source"]', "keep-colors": "true"}
MORE = ("stabilize", "scale", "start", "end", "fps", "crop", "fit", "preset", "codec", "quality", "bit-depth",
        "protect-text", "memory-limit", "precision", "device", "unknown")  # fmt: skip
STRANGE = (
    "-1", "0", "1e308", "nan", "-inf", "9223372036854775807", "9" * 40, "true", '""', '"a"', "[]", "[[]]",
    "{}", "{a = {b = {}}}", "1979-05-27T07:32:00Z", "00:01:05", "1979-05-27", '"../../secret.txt"',
    '"/etc/passwd"', '"secret.txt"', '"\\u0000"', f'"{"a" * 100_000}"', '"."', '"-"', '"*"', '"[!"', '"{0}"',
    '"{name}{style}"',
    '"{name.__class__}"', '"~/x"', '"file:///etc/passwd"', '"%s%n"', '"/dev/zero"', '"home"', '["", ""]',
    '["in.png", "in.png"]', "[1, true]", '"1:0"', '"99999x99999"', '"h264"', '"vertical"', '"source"',
    "[" * 300 + "]" * 300,
)  # fmt: skip
PLAUSIBLE = {
    "sizes": ("[16]", '["source", 20]', "24"), "source": ('"film.gif"', '"*"', '["film.gif", "."]'),
    "stabilize": ("0.5",), "scale": ("0.25",), "start": ("0.1",), "end": ('"00:00:00.2"',), "fps": ('"12"',),
    "crop": ('"16x16"', '"1:1"'), "codec": ('"png"', '"gif"'), "quality": ("30",), "bit-depth": ("16",),
    "protect-text": ("true",), "memory-limit": ('"1.5GB"',), "styles": ('["./pack", "./pack"]',),
}  # fmt: skip
BROKEN = (
    "[[job]]\n" * 2000, "[job]\n", "job = 3\n", "[[job]]\n[[job.x]]\n", "a.b.c = 1\n", "\ufeff", "\0",
    "= 1\n", "x = [" * 2000, f"x = {'[' * 5000}", 'styles = ["./pack"]\n',
    "[[job]]\nsource = 'in.png'\nsource = 'in.png'\n",
)  # fmt: skip


def hostile_jobs(place: Path, rng: random.Random) -> tuple[bool, str]:
    """Write `jobs.toml`; whether it may be run rather than only looked at, and what is wrong with it."""
    kind = rng.choice(("values", "values", "values", "bytes", "broken"))
    if kind == "bytes":
        data = bytearray(_text(TOP, FIRST, SECOND).encode())
        notes = [rng.choice(CHANGES)(data, rng) for _ in range(rng.choice((1, 1, 2, 5)))]
        (place / NAME).write_bytes(data)
        return False, ", ".join(notes)
    if kind == "broken":
        broken = rng.choice(BROKEN)
        text = _text(TOP, FIRST)
        text = rng.choice((broken, broken + text, text + broken))
        (place / NAME).write_text(text)
        return False, f"with {broken[:20]!r}"
    top, first, second = dict(TOP), dict(FIRST), dict(SECOND)
    notes, stays = [], True
    for _ in range(rng.choice((1, 1, 2, 3))):
        table = rng.choice((top, first, second, second))
        key = rng.choice((*table, *MORE))
        known = PLAUSIBLE.get(key, ())
        table[key] = rng.choice(known if known and rng.random() < 0.6 else STRANGE)
        stays = stays and key != "output"
        notes.append(f"{key} = {table[key][:40]}")
    (place / NAME).write_text(_text(top, first, second))
    return stays, "; ".join(notes)


def _text(top: Mapping[str, str], *jobs: Mapping[str, str]) -> str:
    def lines(table: Mapping[str, str]) -> str:
        return "".join(f"{key} = {value}\n" for key, value in table.items())

    return lines(top) + "".join(f"\n[[job]]\n{lines(job)}" for job in jobs)
