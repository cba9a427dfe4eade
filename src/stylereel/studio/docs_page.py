"""Makes a plain page of an OpenAPI schema: no script, nothing from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: light-dark(#0b57d0, #8ab4f8); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 6rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 3rem; font-size: 1.25rem; border-bottom: 1px solid var(--line); }
h3 { margin: 2rem 0 .25rem; font: 600 1rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
h3 b { display: inline-block; min-width: 5rem; color: var(--accent); }
p { margin: .25rem 0 .75rem; } a { color: var(--accent); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; }
tr { border-top: 1px solid var(--soft); }
table { table-layout: fixed; } th { font-weight: 400; width: 26%; } td:nth-child(2) { width: 30%; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
nav ul { columns: 18rem; padding-left: 1rem; font-size: .92rem; }
"""
_METHODS = ("get", "post", "put", "delete", "patch")


def docs_page(schema: Mapping[str, Any]) -> str:
    """HTML that describes every address and every model of a schema."""
    info, models = schema["info"], schema.get("components", {}).get("schemas", {})
    operations = list(_operations(schema))
    title = f"{info['title']} {info['version']}"
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<title>{escape(title)}: API</title><link rel="icon" href="data:,">',
        '<link rel="stylesheet" href="/api/docs.css"></head><body><main>',
        f"<h1>{escape(title)}: API</h1>{_text(info.get('description', ''))}",
        '<p>Errors are <code>{"error": {"text": ..., "hint": ...}}</code>. The schema for programs: ',
        '<a href="/api/openapi.json">openapi.json</a>.</p>',
        "<nav aria-label='Addresses'><ul>",
        *(f'<li><a href="#{_anchor(*o[:2])}">{o[0].upper()} {escape(o[1])}</a></li>' for o in operations),
        "</ul></nav><h2>Addresses</h2>",
        *(part for operation in operations for part in _operation(*operation)),
        "<h2>Models</h2>",
        *(part for name in sorted(models) for part in _model(name, models[name])),
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in schema.get("paths", {}).items():
        yield from ((method, path, methods[method]) for method in _METHODS if method in methods)


def _anchor(method: str, path: str) -> str:
    return escape(method + path.replace("/", "-").replace("{", "").replace("}", ""))


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section><h3 id="{_anchor(method, path)}"><b>{method.upper()}</b> {escape(path)}</h3>'
    yield _text(operation.get("description") or operation.get("summary", ""))
    parameters = operation.get("parameters", [])
    if parameters:
        yield _table(
            (one["name"], _kind(one["schema"]), one.get("description") or one["in"]) for one in parameters
        )
    body = operation.get("requestBody")
    if body:
        kinds = "; ".join(f"{kind}: {_kind(one.get('schema', {}))}" for kind, one in body["content"].items())
        yield f"<p>Body: {kinds}. {escape(body.get('description', ''))}</p>"
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            kinds = [_kind(one["schema"]) for one in answer.get("content", {}).values() if one.get("schema")]
            yield f"<p>Answers {escape(status)}{': ' if kinds else ''}{', '.join(kinds)}</p>"
    yield "</section>"


def _model(name: str, model: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section><h3 id="model-{escape(name)}">{escape(name)}</h3>{_text(model.get("description", ""))}'
    fields, needed = model.get("properties", {}), set(model.get("required", ()))
    if fields:
        yield _table(
            (
                field,
                _kind(facts),
                facts.get("description", "") or ("" if field in needed else _default(facts)),
            )
            for field, facts in fields.items()
        )
    yield "</section>"


def _default(facts: Mapping[str, Any]) -> str:
    return f"else {facts['default']}" if facts.get("default") is not None else ""


def _table(rows: Any) -> str:
    lines = (
        f"<tr><th scope='row'><code>{escape(name)}</code></th><td>{kind}</td><td>{escape(told)}</td></tr>"
        for name, kind, told in rows
    )
    return f"<table><tbody>{''.join(lines)}</tbody></table>"


def _kind(schema: Mapping[str, Any]) -> str:
    """The type of a value, as HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#model-{name}">{name}</a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_kind(one) for one in schema[several])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if "enum" in schema:
        return ", ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    bounds = [f"{sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema]
    return escape(" ".join([str(schema.get("type", "any")), *bounds]))


_BOUNDS = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}


def _text(text: str) -> str:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
    return f"<p>{marked}</p>" if text else ""
