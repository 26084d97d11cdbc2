"""One look for every picture: colours that survive colour-blindness and a grey printer, plain axes, honest units.

matplotlib is imported inside the functions, so that nobody pays for it who does not draw.
"""

from __future__ import annotations

import io
import re
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from averted._errors import AvertedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

#: Okabe and Ito (2008), darkest first in the order of use; lightness differs too, so a grey print can be read.
INK, BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, GREY = (
    "#1a1a1a",
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#e69f00",
    "#cc79a7",
    "#56b4e9",
    "#6b6b6b",
)
#: Colours of several series on one axis, and the line styles that tell them apart without colour.
SERIES = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2)), (0, (3, 3)))

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: What :func:`style` sets. Text stays text in SVG: it can be searched, copied and read aloud, and DejaVu Sans is wider
#: than the fonts a page falls back to, so nothing that fits here is clipped there.
_SETTINGS: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#dcdcdc",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "white",
    "svg.fonttype": "none",
}


def style() -> Any:
    """Return the house style as a matplotlib context: ``with style(): …``."""
    matplotlib = _matplotlib()
    return matplotlib.rc_context(_SETTINGS)


def axes(ax: Axes | None = None, *, width: float = 6.4, height: float = 3.4) -> Axes:
    """Return the caller's axes, or new ones of the house style that a notebook shows by itself.

    Parameters
    ----------
    ax
        Axes to draw on; ``None`` makes a figure.
    width, height
        Size of a new figure in inches.
    """
    if ax is not None:
        return ax
    _matplotlib()
    import matplotlib.pyplot as plt

    with style():
        _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def figure(width: float, height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Return a figure that belongs to no window and its axes; call inside :func:`style`."""
    _matplotlib()
    from matplotlib.figure import Figure as New

    made = New(figsize=(width, height), layout="constrained")
    return made, made.subplots(rows, columns, **options)


def label(ax: Axes, *, title: str | None = None, x: str | None = None, y: str | None = None) -> None:
    """Set the title and the axis labels; the unit of y stands above its axis, where it reads without tilting."""
    if title:
        shown = ax.set_title(title, pad=17 if y else None, wrap=True)
        shown.set_text(_wrapped(ax, title, float(shown.get_fontsize())))
    if x:
        shown = ax.set_xlabel(x, wrap=True)
        shown.set_text(_wrapped(ax, x, float(shown.get_fontsize())))
    if y:
        ax.text(0, 1.015, y, transform=ax.transAxes, ha="left", va="bottom", fontsize=8, color=GREY)


def _wrapped(ax: Axes, text: str, size: float) -> str:
    """In lines no wider than the axes are now: a letter is about half as wide as it is high.

    Tick labels may yet narrow them; matplotlib then wraps at the edge of the figure.
    """
    width = 72 * ax.get_window_extent().width / ax.figure.dpi
    return "\n".join(textwrap.wrap(text, max(20, int(width / (0.52 * size))), break_long_words=False))


def thousands(ax: Axes, which: str = "y") -> None:
    """Set thousands apart on an axis: 36,661."""
    from matplotlib.ticker import FuncFormatter

    axis = ax.yaxis if which == "y" else ax.xaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def whole(ax: Axes, which: str = "x", most: int = 8) -> None:
    """Ticks at whole numbers only, as for years and lags."""
    from matplotlib.ticker import MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(nbins=most, integer=True))


def periods(ax: Axes, labels: Sequence[str], at: ArrayLike | None = None, most: int = 8) -> None:
    """Label at most `most` whole positions of the x axis with period names such as 2019 or 2019-03."""
    where = np.arange(len(labels)) if at is None else np.asarray(at)
    yearly = all(text.isdigit() for text in labels)
    steps = (1, 2, 5, 10, 20, 50, 100) if yearly else (1, 3, 6, 12, 24, 60, 120)
    step = next((s for s in steps if len(labels) <= s * most), max(len(labels), 1))
    # Round years (2000, not 1999), and the first period of a year where there are several.
    starts = (i for i, text in enumerate(labels) if (int(text) % step == 0 if yearly else text.endswith(("01", "Q1"))))
    first = 0 if step == 1 else next(starts, 0) % step
    ax.set_xticks(where[first::step], list(labels)[first::step])


def band(ax: Axes, x: ArrayLike, lower: ArrayLike, upper: ArrayLike, color: str = BLUE, alpha: float = 0.18) -> None:
    """Shade an interval."""
    ax.fill_between(x, lower, upper, color=color, alpha=alpha, linewidth=0)


def zero_line(ax: Axes, at: float = 0.0) -> None:
    """Draw the line of no effect."""
    ax.axhline(at, color=INK, linewidth=0.8, zorder=1)


def number(value: float, decimals: int | None = None) -> str:
    """A number for people: thousands set apart, a true minus, as many decimals as its size calls for."""
    if value is None or not np.isfinite(value):
        return "–" if value is None or np.isnan(value) else ("∞" if value > 0 else "−∞")
    size = abs(value)
    if decimals is None and 0 < size < 1e-4:
        exponent = int(np.floor(np.log10(size)))
        return f"{value / 10.0**exponent:.1f}×10{str(exponent).translate(_RAISED)}".replace("-", "−")
    if decimals is None:
        decimals = 0 if size >= 100 or value == round(value) else 1 if size >= 10 else 2 if size >= 1 else 3
        if 0 < size < 0.1:
            decimals = 1 - int(np.floor(np.log10(size)))
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "−")


def money(value: float, symbol: str = "$") -> str:
    """An amount for people: $1.7M, $352, −$4.5bn."""
    if value is None or not np.isfinite(value):
        return number(value)
    sign, size = ("−" if value < 0 else ""), abs(value)
    for scale, suffix in ((1e12, "tn"), (1e9, "bn"), (1e6, "M")):
        if size >= 0.9995 * scale:
            return f"{sign}{symbol}{_short(size / scale)}{suffix}"
    return f"{sign}{symbol}{size:,.0f}" if size >= 100 or size == round(size) else f"{sign}{symbol}{size:,.2f}"


def svg(fig: Figure, name: str, description: str = "") -> str:
    """Return a figure as an SVG element to embed in a page: no prolog, no date, ids of its own, the page's font.

    Parameters
    ----------
    fig
        The figure; it is drawn in the house style.
    name
        Prefix of every id, so that several figures live in one page.
    description
        What a screen reader says.
    """
    buffer = io.StringIO()
    matplotlib = _matplotlib()
    with style(), matplotlib.rc_context({"svg.hashsalt": name}):
        fig.savefig(buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    spoken = f'role="img" aria-label="{_escape(description)}"' if description else 'aria-hidden="true"'
    text = re.sub(r'(<svg[^>]*?) width="[^"]*" height="[^"]*"', rf"\1 {spoken}", text, count=1)
    return re.sub(r"\s*\n\s*", " ", text).strip()


def _short(value: float) -> str:
    decimals = 0 if value >= 100 else 1
    return f"{value:.{decimals}f}".removesuffix(".0")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError:
        raise AvertedError("pictures need matplotlib: pip install 'averted[report]'") from None
    return matplotlib
