"""Backtests: a model sent through its past beside a naive forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from averted import _core
from averted._arguments import whole
from averted._errors import InputError
from averted._frames import Kind, frame_out, panel_in
from averted._result import Result, Table
from averted.timeseries._series import kind_of, labels_of, matrix_in, specification, vector


class Backtest(Result):
    """A specification sent through its past beside a naive forecast."""

    def __init__(self, core: _core.Backtest, *, unit: str, kind: Kind) -> None:
        self._core = core
        self.unit = unit
        self._kind = kind

    @property
    def seed(self) -> int:
        """The seed of the draws."""
        return self._core.seed

    def summary(self) -> Table:
        """By model: WIS, CRPS, coverage of the 50, 80 and 95 % intervals, MASE, skill against the naive forecast."""
        return Table(self._core.table())

    def frame(self) -> Any:
        """A row a cutoff and period: ``unique_id, ds, cutoff, y, model, model-lo-95, …, naive, naive-lo-95, …``."""
        rows = self._core.rows
        columns: dict[str, list[Any]] = {
            "unique_id": [self.unit] * len(rows),
            "ds": [row[1] for row in rows],
            "cutoff": [row[0] for row in rows],
            "y": [row[3] for row in rows],
        }
        for m, model in enumerate(("model", "naive")):
            columns[model] = [row[4][m][0] for row in rows]
            for i, level in enumerate((50, 80, 95)):
                columns[f"{model}-lo-{level}"] = [row[4][m][1][i][0] for row in rows]
                columns[f"{model}-hi-{level}"] = [row[4][m][1][i][1] for row in rows]
        return frame_out(columns, self._kind)


class Backtests(Result):
    """Backtests of several units, and the units without one, with the reason."""

    def __init__(self, backtests: dict[str, Backtest], failed: dict[str, str], kind: Kind) -> None:
        self.backtests = backtests
        #: Unit to the reason why it has none.
        self.failed = failed
        self._kind = kind

    def __getitem__(self, unit: str) -> Backtest:
        if unit in self.failed:
            raise InputError(f"{unit} has no backtest: {self.failed[unit]}")
        if unit not in self.backtests:
            raise InputError(f"no unit `{unit}`")
        return self.backtests[unit]

    def summary(self) -> Table:
        """The model's line of every unit."""
        columns: dict[str, list[Any]] = {"unit": []}
        for unit, backtest in self.backtests.items():
            columns["unit"].append(unit)
            for name, values in backtest.summary().columns.items():
                if name != "model":
                    columns.setdefault(name, []).append(values[0])
        notes = [f"no backtest for {unit}: {reason}" for unit, reason in self.failed.items()]
        return Table.build(dict(columns), title="Backtests", notes=notes)


def backtest(
    model: Any,
    y: Any = None,
    *,
    horizon: int,
    windows: int = 8,
    step: int = 1,
    gap: int = 0,
    x: Any = None,
    exposure: Any = None,
    index: Sequence[Any] | None = None,
    unit: str | Sequence[str] | None = None,
    draws: int = 1000,
    seed: int | None = None,
    trend: str | None = "damped",
    season: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Any:
    """Send a model through its past: fitted anew at each of the latest cutoffs, scored on what came after.

    Parameters
    ----------
    model
        With `y`: a specification such as :class:`averted.Structural` or :class:`averted.Arima`, or a model's name
        (``"auto"``, ``"arima"``, …). Else an :class:`averted.Panel`, whose units are forecast as :func:`forecast` does
        without spending.
    y, x, exposure, index
        The series and what belongs to it. Exposure and regressors of the test periods are taken as known.
    horizon, windows, step, gap
        Periods ahead; cutoffs; periods between them; periods left out after each.
    unit, trend
        Of a panel, as in :func:`forecast`.
    season
        Of a panel, or of a model by name: periods of a season.
    draws, seed
        Paths a window, and their seed.

    Returns
    -------
    Backtest or Backtests
        :class:`Backtests` for several units of a panel.
    """
    least = {"horizon": horizon, "windows": windows, "step": step, "draws": draws}
    sizes = {name: whole(name, value, 1) for name, value in least.items()}
    settings = (sizes["horizon"], sizes["windows"], sizes["step"], whole("gap", gap, 0), sizes["draws"])
    if isinstance(model, str) or hasattr(model, "_inner"):
        if y is None:
            raise InputError("y: a specification needs a series")
        values = vector("y", y)
        matrix, names, _ = matrix_in(x)
        core = _core.backtest_series(
            model if isinstance(model, str) else specification(model, names),
            1 if season is None else whole("season", season, 1),
            "y",
            values,
            settings,
            x=matrix,
            exposure=None if exposure is None else vector("exposure", exposure),
            labels=labels_of(y, index, len(values)),
            seed=seed,
            progress=progress,
        )
        return Backtest(core, unit="y", kind=kind_of(y))
    panel, kind = panel_in(model)
    several = None if unit is None else [unit] if isinstance(unit, str) else [str(u) for u in unit]
    found = _core.backtest_panel(
        panel, settings, units=several, seed=seed, trend=trend or "none", season=season, progress=progress
    )
    made = {name: Backtest(core, unit=name, kind=kind) for name, core, _ in found if core is not None}
    answers = Backtests(made, {name: reason for name, core, reason in found if core is None}, kind)
    return answers[unit] if isinstance(unit, str) else answers
