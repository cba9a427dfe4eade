"""When the health watches look and when they speak."""

from __future__ import annotations

from pydantic import Field

from stylereel.core.settings import Settings


class HealthSettings(Settings):
    """How often the watches look, and at how much."""

    enabled: bool = True
    """Look at the run's health at all (numbers that are not finite always stop it)."""
    every_steps: int = Field(default=250, ge=1)
    """Steps between looks at held-out crops."""
    crops: int = Field(default=8, ge=2, le=64)
    """Held-out crops looked at."""
