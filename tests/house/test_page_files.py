"""The studio's page asks no other machine, runs nothing that is inline, and can be read in both themes."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "src" / "stylereel" / "studio" / "page"
FILES = sorted(path for path in PAGE.rglob("*") if path.suffix in (".html", ".css", ".js", ".svg"))
MOST_LINES = 500
NAMESPACE = "http://www.w3.org/2000/svg"
TEXT = ("text", "muted", "faint", "accent-text", "danger", "ok")
GROUNDS = ("bg", "surface", "raised", "sunken")
FAINT_GROUNDS = ("bg", "surface", "sunken")


def colours(theme: str) -> dict[str, tuple[int, ...]]:
    css = (PAGE / "css" / "tokens.css").read_text("utf-8")
    dark = re.search(r":root \{(.*?)\n\}", css, re.S)
    light = re.search(r':root\[data-theme="light"\] \{(.*?)\n\}', css, re.S)
    assert dark and light
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark[1]))
    if theme == "light":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light[1]))
    return {name: tuple(bytes.fromhex(value[1:])) for name, value in found.items()}


def luminance(colour: tuple[int, ...]) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As WCAG 2.2 defines it, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PAGE).as_posix())
def test_a_file_of_the_page_asks_nobody_else_and_runs_nothing_inline(path):
    text = path.read_text("utf-8")
    assert not re.findall(r"https?://(?!127\.0\.0\.1)[^\s\"'`)]+", text.replace(NAMESPACE, "")), (
        "an address elsewhere"
    )
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )
    if path.suffix == ".html":
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", text), "inline"
    assert text.count("\n") <= MOST_LINES


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_is_read_on_every_ground_and_controls_are_told_from_it(theme):
    seen = colours(theme)
    weak = [
        f"{text} on {ground}: {contrast(seen[text], seen[ground]):.2f}"
        for text in TEXT
        for ground in (FAINT_GROUNDS if text == "faint" else GROUNDS)
        if contrast(seen[text], seen[ground]) < 4.5
    ]
    weak += [
        f"{line} on {ground}: {contrast(seen[line], seen[ground]):.2f}"
        for line in ("line-strong", "accent")
        for ground in ("bg", "surface")
        if contrast(seen[line], seen[ground]) < 3
    ]
    weak += [
        f"on-accent on {fill}" for fill in ("accent-fill", "accent-fill-hover")
        if contrast(seen["on-accent"], seen[fill]) < 4.5
    ]  # fmt: skip
    assert not weak
