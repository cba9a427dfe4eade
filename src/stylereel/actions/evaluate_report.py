"""An evaluation as one HTML file that stands alone: no script, no font, no picture from elsewhere."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Sequence
from pathlib import Path

from stylereel.actions.evaluation import Curve, Evaluation, Finding, WorstPair
from stylereel.core.errors import InputError
from stylereel.core.timecode import format_seconds
from stylereel.video.staging import StagedFile, check_output

STYLE = """
:root{--ink:#1d2329;--soft:#66717c;--line:#e4e8ec;--paper:#f6f7f9;--card:#fff;--good:#1f8a5b;--fair:#b7791f;
--poor:#c2413b;--good-bg:#d9f0e4;--fair-bg:#faecc8;--poor-bg:#f8d9d6;--mark:#3457d5}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#98a4b0;--line:#2c343c;--paper:#14181c;--card:#1c2127;
--good:#5ccb97;--fair:#e3b357;--poor:#f0837c;--good-bg:#1d3a2d;--fair-bg:#3d331a;--poor-bg:#422322;--mark:#8fa6ff}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1080px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 6px;letter-spacing:-.01em}h2{font-size:17px;margin:40px 0 12px}
p{margin:0 0 10px}.soft{color:var(--soft)}.small{font-size:13px}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px}
.tally{display:flex;gap:10px;margin:18px 0 0}.tally b{font-size:20px;display:block;line-height:1.1}
.tally div{border-radius:8px;padding:9px 16px;min-width:92px}
.good{color:var(--good)}.fair{color:var(--fair)}.poor{color:var(--poor)}.unknown{color:var(--soft)}
.tally .good{background:var(--good-bg)}.tally .fair{background:var(--fair-bg)}
.tally .poor{background:var(--poor-bg)}
table{width:100%;border-collapse:collapse}td,th{padding:10px 8px;text-align:left;vertical-align:middle}
tr+tr td{border-top:1px solid var(--line)}th{font-weight:500;color:var(--soft);font-size:13px;padding-top:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.word{font-weight:600;white-space:nowrap}.word::before{content:"";display:inline-block;width:8px;height:8px;
border-radius:50%;background:currentColor;margin-right:7px}
.strip{display:grid;gap:8px}
.strip img,.pair img{width:100%;display:block;border-radius:5px;background:var(--line)}
.strip figure,.pair figure{margin:0}figcaption{font-size:12px;color:var(--soft);margin-top:4px}
.curves{display:grid;grid-template-columns:1fr 1fr;gap:14px}.curves svg{width:100%;height:auto;display:block}
.curves h3,.pair h3{font-size:14px;margin:0 0 8px;font-weight:600}
.pair{display:grid;grid-template-columns:1.9fr 1fr 1fr 1fr;gap:10px;align-items:start}
.pair h3{grid-column:1/-1}
.card+.card{margin-top:14px}.curves .card+.card{margin-top:0}
ul{padding-left:20px;margin:0}li{margin:3px 0}details summary{cursor:pointer;color:var(--soft)}
details td{padding:3px 8px;border:0}details td:last-child{font-variant-numeric:tabular-nums}
.key{display:inline-block;width:18px;height:0;border-top:2px solid var(--mark);
vertical-align:middle;margin:0 5px 0 12px}
.key.source{border-top:2px dashed var(--soft)}
@media(max-width:760px){
.curves{grid-template-columns:1fr}.pair{grid-template-columns:1fr 1fr}.wide{display:none}}
"""
GAUGE_PX = (190, 26)
CURVE_PX = (500, 150)


def check_report(path: str | Path, sources: Sequence[str | Path], *, overwrite: bool) -> None:
    """Refuse a report that must not or cannot be written, before any work.

    Raises:
        OutputError: it exists, or its folder is missing.
        InputError: its name does not end in .html or .htm.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path}: the report is an HTML file, so let its name end in .html")
    for source in sources:
        check_output(path, Path(source), overwrite=overwrite, is_folder=False)


def write_report(path: str | Path, evaluation: Evaluation, *, overwrite: bool = False) -> None:
    """Write the report under a temporary name and give it its own when it is whole.

    Raises:
        OutputError, InputError: as `check_report`, or the disk is full.
    """
    check_report(path, (evaluation.source, evaluation.stylized), overwrite=overwrite)
    staged = StagedFile(Path(path))
    try:
        staged.path.write_text(report_html(evaluation), "utf-8")
        staged.publish(overwrite=overwrite)
    except BaseException:
        staged.discard()
        raise


def report_html(evaluation: Evaluation) -> str:
    """The whole file."""
    name, source = Path(evaluation.stylized).name, Path(evaluation.source).name
    parts = [
        f"<h1>{_text(name)}</h1>",
        f'<p class="soft">judged against <b>{_text(source)}</b> · {_facts(evaluation)}</p>',
        _tally(evaluation.findings),
        _moments(evaluation),
        "<h2>Figures</h2>" + _findings(evaluation.findings),
        _left_out(evaluation),
        _curves(evaluation),
        _worst(evaluation.worst),
        _notices(evaluation.notices),
        _all_figures(evaluation),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(name)} · Stylereel</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def figure(value: float) -> str:
    """A number as people read it: three digits that matter."""
    if math.isnan(value):
        return "–"
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return (
        f"{value:.3f}"
        if abs(value) < 0.1 and value
        else f"{value:.2f}"
        if abs(value) < 100
        else f"{value:.0f}"
    )


def bounds(finding: Finding) -> str:
    """What is good, in a few characters."""
    return f"{'≤' if finding.less_is_better else '≥'} {finding.good:g}"


def references(finding: Finding) -> str:
    """The figures beside which the headline is read, of those that it has."""
    named = (("source", finding.source), ("control", finding.control), ("floor", finding.floor))
    return " · ".join(f"{name} {figure(value)}" for name, value in named if value is not None)


def _facts(evaluation: Evaluation) -> str:
    count = "one picture" if evaluation.frames == 1 else f"{evaluation.frames} frames"
    facts = [count, f"{evaluation.width}×{evaluation.height}"]
    if evaluation.frames > 1:
        facts += [
            f"{evaluation.frame_rate:.4g} fps",
            format_seconds(evaluation.frames / evaluation.frame_rate),
        ]
    return " · ".join(facts)


def _tally(findings: Sequence[Finding]) -> str:
    counts = {word: sum(f.verdict == word for f in findings) for word in ("good", "fair", "poor")}
    tiles = (f'<div class="{word}"><b>{count}</b>{word}</div>' for word, count in counts.items())
    return f'<div class="tally">{"".join(tiles)}</div>'


def _moments(evaluation: Evaluation) -> str:
    if not evaluation.moments:
        return ""
    columns = len(evaluation.moments)
    above = "".join(f"<figure>{_image(m.source, 'source')}</figure>" for m in evaluation.moments)
    below = "".join(
        f"<figure>{_image(m.stylized, 'result')}<figcaption>{m.seconds:.2f} s</figcaption></figure>"
        for m in evaluation.moments
    )
    width = f"grid-template-columns:repeat({columns},1fr)" + (";max-width:520px" if columns == 1 else "")
    return (
        "<h2>Source above, result below</h2>"
        f'<div class="card"><div class="strip" style="{width}">{above}{below}</div></div>'
    )


def _findings(findings: Sequence[Finding]) -> str:
    rows = [
        f"<tr><td><b>{_text(f.title)}</b><div class='soft small'>{_text(f.question)}</div></td>"
        f"<td class='number'><b>{figure(f.value)}</b> <span class='soft small'>{_text(f.unit)}</span></td>"
        f"<td class='wide'>{_gauge(f)}</td>"
        f"<td><span class='word {f.verdict}'>{f.verdict}</span></td>"
        f"<td class='soft small wide'>good {bounds(f)}<br>{references(f)}</td></tr>"
        for f in findings
    ]
    return (
        "<div class='card'><table><tr><th>metric</th><th class='number'>figure</th>"
        "<th class='wide'>best to worst</th><th>verdict</th><th class='wide'>beside</th></tr>"
        f"{''.join(rows)}</table></div>"
        "<p class='soft small' style='margin-top:10px'><b>source</b>: what the source itself scores. "
        "<b>control</b>: the source sharpened to the style's energy, which must not pass for a look. "
        "<b>floor</b>: what one half of the style's pictures scores against the other. Bars run from the "
        "optimum on the left to the worst on the right; tick marks are these three.</p>"
    )


def _gauge(finding: Finding) -> str:
    """A bar from the optimum (left) to well beyond fair, with the figure and its references on it."""
    width, height = GAUGE_PX
    end = finding.fair + 0.7 * (finding.fair - finding.optimum or finding.fair - finding.good)
    span = end - finding.optimum

    def x(value: float) -> float:
        return round(4 + min(max((value - finding.optimum) / span, 0.0), 1.0) * (width - 8), 1)

    edges = [4.0, x(finding.good), x(finding.fair), width - 4.0]
    zones = [
        f'<rect x="{a}" y="9" width="{max(b - a - 1, 0):.1f}" height="8" rx="2" fill="var(--{word}-bg)"/>'
        for word, a, b in zip(("good", "fair", "poor"), edges, edges[1:], strict=False)
    ]
    ticks = [
        f'<line x1="{x(value)}" x2="{x(value)}" y1="6" y2="20" stroke="var(--soft)" stroke-width="1"/>'
        for value in (finding.source, finding.control, finding.floor)
        if value is not None and not math.isnan(value)
    ]
    color = f"var(--{finding.verdict})"
    dot = (
        ""
        if math.isnan(finding.value)
        else f'<circle cx="{x(finding.value)}" cy="13" r="5.5" fill="{color}"/>'
    )
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{finding.verdict}">{"".join(zones + ticks)}{dot}</svg>'
    )


def _curves(evaluation: Evaluation) -> str:
    if not evaluation.curves:
        return ""
    cards = "".join(f"<div class='card'><h3>{_text(c.title)}</h3>{_plot(c)}</div>" for c in evaluation.curves)
    return (
        "<h2>Frame by frame <span class='small soft' style='font-weight:400'><span class='key'></span>result"
        f"<span class='key source'></span>source</span></h2><div class='curves'>{cards}</div>"
    )


def _plot(curve: Curve) -> str:
    width, height = CURVE_PX
    left, right, top, bottom = 46, 8, 8, 20
    values = [value for value in (*curve.output, *curve.source) if math.isfinite(value)]
    high = max([*values, 1e-9]) * 1.05
    low = min([*values, 0.0])
    power = -math.floor(math.log10(high)) if high < 0.01 else 0
    first, last = curve.frames[0], max(curve.frames[-1], curve.frames[0] + 1)

    def path(series: Sequence[float]) -> str:
        return " ".join(
            f"{left + (frame - first) / (last - first) * (width - left - right):.1f},"
            f"{top + (high - value) / (high - low) * (height - top - bottom):.1f}"
            for frame, value in zip(curve.frames, series, strict=True)
        )

    grid = "".join(
        f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--line)"/>'
        f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{figure(value * 10**power)}</text>'
        for value, y in (
            (low + (high - low) * part, top + (1 - part) * (height - top - bottom)) for part in (0, 0.5, 1)
        )
    )
    if power:
        grid += (
            f'<text x="{left + 4}" y="{top + 10}">× 10<tspan dy="-4" font-size="8">−{power}</tspan></text>'
        )
    ends = (
        f'<text x="{left}" y="{height - 4}">{first:.0f}</text>'
        f'<text x="{width - right}" y="{height - 4}" text-anchor="end">frame {last:.0f}</text>'
    )
    source = (
        f'<polyline points="{path(curve.source)}" fill="none" stroke="var(--soft)" stroke-width="1.3" '
        'stroke-dasharray="4 3"/>'
        if curve.source
        else ""
    )
    line = f'<polyline points="{path(curve.output)}" fill="none" stroke="var(--mark)" stroke-width="1.8"/>'
    return (
        f'<svg viewBox="0 0 {width} {height}" font-size="11" fill="var(--soft)" role="img" '
        f'aria-label="{_text(curve.title)}">{grid}{ends}{source}{line}</svg>'
    )


def _worst(pairs: Sequence[WorstPair]) -> str:
    if not pairs:
        return ""
    cards = []
    for pair in pairs:
        times = pair.error / max(pair.error_source, 1e-9)
        pictures = (
            (pair.source, "source, enlarged part marked"),
            (pair.first, f"result, frame {pair.frame}"),
            (pair.second, f"result, frame {pair.frame + 1}"),
            (pair.difference, "what moved without cause"),
        )
        shown = "".join(
            f"<figure>{_image(data, text)}<figcaption>{text}</figcaption></figure>" for data, text in pictures
        )
        cards.append(
            f"<div class='card pair'><h3>{pair.seconds:.2f} s <span class='soft' style='font-weight:400'>"
            f"{times:.1f} times the source's own difference</span></h3>{shown}</div>"
        )
    return f"<h2>Where it boils most</h2>{''.join(cards)}"


def _left_out(evaluation: Evaluation) -> str:
    if not evaluation.left_out:
        return ""
    items = "".join(f"<li><b>{_text(o.title)}</b> {_text(o.why)}</li>" for o in evaluation.left_out)
    return f"<h2>Not measured</h2><div class='card soft'><ul>{items}</ul></div>"


def _notices(notices: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(text)}</li>" for text in notices)
    return f"<h2>Notices</h2><div class='card soft'><ul>{items}</ul></div>" if items else ""


def _all_figures(evaluation: Evaluation) -> str:
    rows = "".join(f"<tr><td>{_text(n)}</td><td>{figure(v)}</td></tr>" for n, v in evaluation.figures.items())
    return (
        "<h2>Every figure</h2><details class='card'><summary>By the names that --json uses</summary>"
        f"<table style='width:auto;margin-top:8px'>{rows}</table></details>"
    )


def _image(data: bytes, text: str) -> str:
    return f'<img alt="{_text(text)}" src="data:image/jpeg;base64,{base64.b64encode(data).decode()}">'


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)
