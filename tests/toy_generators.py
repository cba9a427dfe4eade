"""Shapes for generators whose defaults are too large to be tested in seconds; others are tested as are."""

from typing import Any

SMALL: dict[str, dict[str, Any]] = {"resnet": {"channels": 12, "blocks": 2}}
