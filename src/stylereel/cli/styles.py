"""`stylereel styles`: which looks there are, and what is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from stylereel.cli.console import plain, print_json, say
from stylereel.cli.suggest import register as register_suggest

if TYPE_CHECKING:
    from stylereel.packs.find import PackListing
    from stylereel.packs.store import Pack

EPILOG = """[bold]Examples[/bold]

  stylereel styles

  stylereel styles show ukiyoe

  stylereel styles show ./my-style --json

  stylereel styles suggest holiday.mp4
"""


def register(app: typer.Typer) -> None:
    """Add the command, its `show` and its `suggest`."""
    styles = typer.Typer(
        help="List the looks by name, licence and size, show all that is known of one, or suggest some.",
        epilog=EPILOG,
        invoke_without_command=True,
        rich_markup_mode="rich",
    )
    styles.callback()(_list)
    styles.command(
        "show", help="Show a style's card: where it comes from, how it was made, what was measured."
    )(_show)
    register_suggest(styles)
    app.add_typer(styles, name="styles")


def _list(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from stylereel.actions.styles import list_styles, styles_folder

    listings = list_styles()
    if as_json:
        print_json([_facts(listing) for listing in listings])
        return
    _print_table(listings)
    if not listings:
        say("No style was found.")
    say(f"Your own styles are looked for in {styles_folder()}; --style takes the folder of any other.")


def _show(
    style: Annotated[
        str,
        typer.Argument(metavar="STYLE", help="Name of a style, or the folder of one.", show_default=False),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    from stylereel.actions.styles import show_style

    pack = show_style(style)
    if as_json:
        print_json({**pack.card.model_dump(mode="json"), "folder": str(pack.folder)})
    else:
        _print_card(pack)


def _facts(listing: PackListing) -> dict[str, object]:
    card = listing.card
    return {
        "name": listing.name,
        "title": card.title if card else None,
        "description": card.description if card else None,
        "looks": list(card.styles) if card else [],
        "license": card.license if card else None,
        "size_bytes": listing.size_bytes,
        "origin": listing.origin,
        "folder": str(listing.folder),
        "problem": listing.problem,
    }


def _print_table(listings: list[PackListing]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not listings:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("name", "look", "licence", "size", "from"):
        table.add_column(heading, justify="right" if heading == "size" else "left", overflow="fold")
    for listing in listings:
        card = listing.card
        if card is None:
            table.add_row(
                Text(plain(listing.name)), Text(plain(f"broken: {listing.problem}")), "", "", listing.origin
            )
            continue
        look = card.description or card.title
        if card.styles:
            look = f"{look} Name one as {listing.name}:LOOK: {', '.join(card.styles)}."
        size = f"{listing.size_bytes / 1e6:.1f} MB"
        table.add_row(
            Text(plain(listing.name)),
            Text(plain(look)),
            Text(plain(card.license or "unknown")),
            size,
            listing.origin,
        )
    Console(highlight=False).print(table)


def _print_card(pack: Pack) -> None:
    card = pack.card
    facts = {
        "style": f"{card.name}: {card.title}",
        "look": card.description,
        "looks": ", ".join(f"{card.name}:{look}" for look in card.styles),
        "version": card.version,
        "author": card.author,
        "licence": card.license or "unknown",
        "credit": card.credit,
        "made": card.created,
        "generator": f"{card.generator.key} {card.generator.config or ''}".strip(),
        "receptive field": f"{card.receptive_field_px} px, sizes in multiples of {card.size_multiple}",
        "size": f"{pack.size_bytes / 1e6:.1f} MB",
        "folder": str(pack.folder),
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:16} {plain(value)}")
    for heading, values in (("learned from", card.style_sources), ("trained on", card.content_sources)):
        for source in values[:20]:
            text = source if isinstance(source, str) else _credit(source)
            typer.echo(f"{heading:16} {plain(text)}")
        if len(values) > 20:
            typer.echo(f"{heading:16} and {len(values) - 20} more (--json shows all)")
    for heading, table in (("training", card.training), ("measured", card.metrics)):
        for name, value in table.items():
            if not isinstance(value, dict | list):
                typer.echo(f"{heading:16} {plain(name)}: {plain(value)}")


def _credit(source: object) -> str:
    parts = [getattr(source, name) for name in ("title", "author", "license", "url")]
    return ", ".join(part for part in parts if part)
