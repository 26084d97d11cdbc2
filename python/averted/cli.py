"""The command line: the same verbs as :class:`averted.Panel`, on delimited files.

Exit codes: 0 done, 1 something is wrong with the call or the data, 2 the audit refuses. Results go to standard output
(``--json`` for machines), everything else to standard error.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import averted as av
from averted._join import join
from averted._read import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from averted._result import Result
    from averted.panel import Panel

#: Something is wrong with the call or the data; the audit refuses; Ctrl-C, as a shell counts it.
WRONG, REFUSED, INTERRUPTED = 1, 2, 130

errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)

FILE = click.Path(path_type=Path, dir_okay=False)

#: Title of the page that `averted brief --demo` writes.
DEMONSTRATION = "US aid and homicide in the Western Hemisphere: what did the money buy in lives?"

#: What the data are: options of every command that reads a panel.
PANEL = (
    click.option("--unit", help="Column of units: states, countries."),
    click.option("--time", help="Column of periods: 2019, FY2019, 2019Q1, 2019-03, Mar 2019."),
    click.option("--events", help="Column of deaths; `Suppressed`, `<10` and `1-9` are read as intervals."),
    click.option("--population", help="Column of people."),
    click.option("--frequency", help="month, quarter, year or fiscal-10; read off the periods if left out."),
    click.option("--money", help="Column of spending."),
    click.option("--money-file", type=FILE, help="A second file with the spending, joined on unit and time."),
    click.option("--money-name", default="spend", show_default=True, help="The spending's name in formulas."),
    click.option("--currency", default="USD", show_default=True, help="USD or MXN."),
    click.option("--stage", help="requested, appropriated, obligated, disbursed or expended."),
    click.option("--fiscal-year-start", type=click.IntRange(1, 12), default=1, show_default=True,
                 help="First month of the money's year: 10 for the US federal one."),
    click.option("--prices", default="nominal", show_default=True, help="nominal, or the base year of prices given."),
    click.option("--real", type=int, help="Deflate to the prices of this year."),
    click.option("--per", type=click.Choice(["person", "total"]), default="person", show_default=True,
                 help="Dollars a head, or totals, in the models."),
)  # fmt: skip
ACCEPT = click.option("--accept", multiple=True, help="CODE=reason: go on although the audit refuses. Again for more.")
AHEAD = (
    click.option("--only", help="The unit to forecast."),
    click.option("--horizon", type=click.IntRange(min=1), default=5, show_default=True, help="Periods ahead."),
    click.option("--scenario", multiple=True,
                 help='A path of spending: flat, or NAME=FACTOR as in "+20%=1.2". Again for more.'),
    click.option("--lags", type=click.IntRange(min=0), default=3, show_default=True, help="Lags of spending."),
    click.option("--seed", type=int, default=1, show_default=True, help="Seed of the simulations."),
)  # fmt: skip
JSON = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")


def options(*given: Any) -> Callable[[Any], Any]:
    """Several options as one decorator, in the order they are listed."""

    def decorate(command: Any) -> Any:
        for option in reversed(given):
            command = option(command)
        return command

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(av.__version__, prog_name="averted")
def app() -> None:
    """What did the money buy in lives, what comes next, and how sure?"""


@app.command()
@click.argument("data", type=FILE, required=False)
@click.option("--output", "-o", type=FILE, default="brief.html", show_default=True, help="Where the page goes.")
@click.option("--demo", is_flag=True, help="The bundled panel: US aid and homicide in the Western Hemisphere.")
@click.option("--title", help="Title of the page.")
@click.option("--lang", type=click.Choice(["en", "es"]), default="en", show_default=True, help="Language of the claim.")
@options(*PANEL, *AHEAD, ACCEPT, JSON)
def brief(
    data: Path | None,
    output: Path,
    demo: bool,
    title: str | None,
    lang: str,
    only: str | None,
    horizon: int,
    scenario: tuple[str, ...],
    lags: int,
    seed: int,
    accept: tuple[str, ...],
    as_json: bool,
    **declared: Any,
) -> None:
    """Write the policy brief: one self-contained HTML page that prints to A4 or Letter."""
    if demo and data is not None:
        raise av.InputError("give a file or --demo, not both")
    if data is None and not demo:
        raise av.InputError("no file given; `averted brief --demo` runs on bundled data")
    panel = demonstration() if demo else _panel(data, declared)
    source = "bundled data set western_hemisphere" if demo else _names(data, declared["money_file"])
    with _Bar() as progress:
        made = panel.brief(
            output,
            unit=only or ("Mexico" if demo else None),
            lags=lags,
            horizon=horizon,
            scenarios=_scenarios(scenario, declared["money_name"]),
            accept=_accepted(accept),
            title=title or (DEMONSTRATION if demo else None),
            lang=lang,
            seed=seed,
            source=source,
            progress=progress,
        )
    _show(made, as_json)
    errors.print(f"wrote {output}")


@app.command()
@click.argument("data", type=FILE)
@options(*PANEL, ACCEPT, JSON)
def audit(data: Path, accept: tuple[str, ...], as_json: bool, **declared: Any) -> None:
    """Say what is wrong with the data and what was done about it; exit code 2 when a finding refuses."""
    found = _panel(data, declared).audit(accept=_accepted(accept))
    _show(found, as_json)
    if found.refused:
        click.get_current_context().exit(REFUSED)


@app.command()
@click.argument("formula")
@click.argument("data", type=FILE)
@click.option("--family", type=click.Choice(["poisson", "ols"]), default="poisson", show_default=True)
@click.option("--cluster", multiple=True, help="Column to cluster by; again for two-way.")
@click.option("--weights", help="Column of analytic weights.")
@click.option("--exposure", help="Column that a Poisson mean is proportional to.")
@click.option("--ssc", default="fixest", show_default=True, help="Small samples as in fixest, statsmodels, stata, …")
@options(*PANEL, JSON)
def fit(
    formula: str,
    data: Path,
    family: str,
    cluster: tuple[str, ...],
    weights: str | None,
    exposure: str | None,
    ssc: str,
    as_json: bool,
    **declared: Any,
) -> None:
    """Fit a regression such as "deaths ~ lag(spend, 0:3) | state + year" and print its table."""
    if declared["unit"] is None and declared["time"] is None:
        if wanted := next((k for k in ("events", "population", "money") if declared[k]), None):
            raise av.InputError(f"--{wanted} needs --unit and --time")
        source: Any = _table(data)
    else:
        source = _panel(data, declared)
    clusters = list(cluster) or None
    if family == "ols" and exposure:
        raise av.InputError("--exposure goes with --family poisson")
    if family == "ols":
        model: Any = av.Ols(weights=weights, cluster=clusters, ssc=ssc)
    else:
        model = av.Poisson(exposure=exposure, weights=weights, cluster=clusters, ssc=ssc)
    _show(model.fit(formula, source), as_json)


@app.command()
@click.argument("data", type=FILE)
@options(*PANEL, *AHEAD, ACCEPT, JSON)
def forecast(
    data: Path,
    only: str | None,
    horizon: int,
    scenario: tuple[str, ...],
    lags: int,
    seed: int,
    accept: tuple[str, ...],
    as_json: bool,
    **declared: Any,
) -> None:
    """Forecast deaths, under scenarios of spending if there are any."""
    panel = _panel(data, declared)
    paths = _scenarios(scenario, declared["money_name"])
    response = panel.respond(lags=lags, accept=_accepted(accept)) if paths else None
    with _Bar() as progress:
        answer = panel.forecast(horizon, unit=only, scenarios=paths, response=response, seed=seed, progress=progress)
    _show(answer, as_json)


def demonstration() -> Panel:
    """The bundled panel of the demonstration: US aid disbursed and homicides, Western Hemisphere, 1990-2024."""
    money = av.Money(
        "aid_disbursed_usd", currency="USD", stage="disbursed", fiscal_year_start=10, real=2020, per="person"
    )
    data = av.datasets.load("western_hemisphere", kind="dict")
    return av.Panel(data, unit="country", time="year", events="homicides", population="population", money=money)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; errors in the input end in one clear message."""
    try:
        code = app.main(list(arguments), prog_name="averted", standalone_mode=False)
    except click.UsageError as error:
        errors.print(f"averted: {error.format_message()}")
        if error.ctx is not None:
            errors.print(f"try `{error.ctx.command_path} --help`")
        return WRONG
    except (click.Abort, KeyboardInterrupt):
        errors.print("averted: interrupted")
        return INTERRUPTED
    except av.RefusedError as error:
        errors.print(f"averted: {error}")
        return REFUSED
    except (av.AvertedError, click.ClickException) as error:
        errors.print(f"averted: {error}")
        return WRONG
    except OSError as error:
        errors.print(f"averted: {error.filename}: {error.strerror}")
        return WRONG
    return code if isinstance(code, int) else 0


def _table(data: Path) -> dict[str, Any]:
    read = reading(data, kind="dict")
    for note in read.notes:
        errors.print(f"{data.name}: {note}")
    table: dict[str, Any] = read.frame
    return table


def _panel(data: Path | None, declared: dict[str, Any]) -> Panel:
    """The panel of a file or two, with the options of :data:`PANEL`."""
    assert data is not None
    for name in ("unit", "time"):
        if declared[name] is None:
            raise av.InputError(f"--{name} is needed: the column of {'units' if name == 'unit' else 'periods'}")
    table, money_file = _table(data), declared["money_file"]
    if money_file is not None:
        if declared["money"] is None:
            raise av.InputError("--money-file needs --money, the column of spending in it")
        table = join(table, _table(money_file), (declared["unit"], declared["time"]))
    names = ("unit", "time", "events", "population", "frequency")
    return av.Panel(table, money=_money(declared), **{name: declared[name] for name in names})


def _money(declared: dict[str, Any]) -> av.Money | None:
    if declared["money"] is None:
        return None
    prices = declared["prices"]
    said: dict[str, Any] = {name: declared[name] for name in ("currency", "stage", "fiscal_year_start", "real")}
    said["prices"] = int(prices) if prices.isdigit() else prices
    said["per"] = "person" if declared["per"] == "person" else None
    return av.Money(declared["money"], name=declared["money_name"], **said)


def _scenarios(given: Iterable[str], spend: str) -> dict[str, dict[str, float]] | None:
    """`flat` and `+20%=1.2` as names and multiples of the last spending."""
    scenarios: dict[str, dict[str, float]] = {}
    for text in given:
        name, _, factor = text.rpartition("=")
        try:
            scenarios[name or text] = {} if text == "flat" else {spend: float(factor)}
        except ValueError:
            name = ""
        if text != "flat" and not name:
            raise av.InputError(f"--scenario {text}: must be flat or NAME=FACTOR, as in +20%=1.2")
    return scenarios or None


def _accepted(given: Iterable[str]) -> dict[str, str]:
    accepted: dict[str, str] = {}
    for text in given:
        code, _, reason = text.partition("=")
        if not reason.strip():
            raise av.InputError(f"--accept {text}: must be CODE=reason, as in AV14='the only series there is'")
        accepted[code.strip()] = reason.strip()
    return accepted


def _names(*paths: Path | None) -> str:
    return " and ".join(path.name for path in paths if path is not None)


def _show(result: Result, as_json: bool) -> None:
    print(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) if as_json else result)


class _Bar:
    """A bar on standard error, only where someone looks on."""

    def __enter__(self) -> Callable[[int, int], None]:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            disable=not errors.is_terminal,
        )
        task = self._bar.add_task("forecast", total=None)
        self._bar.start()
        return lambda done, total: self._bar.update(task, completed=done, total=total)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
