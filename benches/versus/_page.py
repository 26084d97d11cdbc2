"""The page that the comparisons write: each has a section of docs/benchmarks.md and replaces only that."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import version
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FRONT = "# Benchmarks\n\nEvery table here is printed by `make bench`.\n"


def machine(*peers: str) -> str:
    """What it ran on, and which versions."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    name = model.group(1) if model else platform.processor()
    versions = ", ".join(f"{each} {version(each)}" for each in ("averted", *peers, "numpy"))
    return (
        f"{name}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        f"Python {platform.python_version()}, {versions}."
    )


def write(heading: str, lines: list[str]) -> None:
    """Puts the section in the place of the one that the page has."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else FRONT
    parts = re.split(r"(?m)^(?=## )", page)
    others = [part.rstrip() + "\n" for part in parts[1:] if not part.startswith(heading)]
    section = "\n".join(lines).rstrip() + "\n"
    PAGE.write_text("\n".join([FRONT, *sorted([*others, section])]), encoding="utf-8")
