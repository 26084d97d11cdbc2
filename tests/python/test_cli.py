"""The command line: files in, one clear message or an answer out, and the exit code that says which."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import averted as av
import numpy as np
import pytest
from averted._join import join
from averted.cli import run
from averted.report.masking import drawn, shown

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = ["--unit", "state", "--time", "year", "--events", "deaths", "--population", "people"]


def panel_csv(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Twelve states by sixteen years of made-up counts, with spending in the same table."""
    draw = np.random.default_rng(7)
    lines = [delimiter.join(["state", "year", "deaths", "people", "police_usd"])]
    for state in range(12):
        people, spend = 1_000_000 + 50_000 * state, 2e8
        for year in range(2004, 2020):
            spend *= np.exp(draw.normal(0, 0.05))
            deaths = draw.poisson(people * 1e-4)
            lines.append(delimiter.join(map(str, [f"Estadó {state}", year, deaths, people, round(spend)])))
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


MONEY = ["--money", "police_usd", "--stage", "expended", "--real", "2015"]


def test_fit_agrees_with_the_package(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = panel_csv(tmp_path / "panel.csv", ";", "latin-1")
    assert run(["fit", "deaths ~ log(police_usd) | state", str(file), "--cluster", "state", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    fit = av.Poisson(cluster="state").fit("deaths ~ log(police_usd) | state", av.read(file))
    assert answer["table"]["estimate"][0] == fit.coefficients["log(police_usd)"]


def test_audit_prints_findings_and_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = panel_csv(tmp_path / "panel.csv")
    assert run(["audit", str(file), *DECLARED, *MONEY, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_forecast_of_one_unit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = panel_csv(tmp_path / "panel.csv")
    wanted = ["--only", "Estadó 3", "--horizon", "2", "--scenario", "flat", "--scenario", "+20%=1.2", "--json"]
    assert run(["forecast", str(file), *DECLARED, *MONEY, *wanted]) == 0
    assert json.loads(capsys.readouterr().out)


def test_money_from_a_second_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = panel_csv(tmp_path / "panel.csv")
    rows = [line.split(",") for line in file.read_text(encoding="utf-8").splitlines()]
    deaths, money = tmp_path / "deaths.csv", tmp_path / "money.csv"
    deaths.write_text("\n".join(",".join(row[:4]) for row in rows) + "\n", encoding="utf-8")
    money.write_text("\n".join(",".join([row[0], row[1], row[4]]) for row in rows) + "\n", encoding="utf-8")
    formula = "deaths ~ spend | state + year"
    assert run(["fit", formula, str(file), *DECLARED, *MONEY, "--json"]) == 0
    together = capsys.readouterr().out
    assert run(["fit", formula, str(deaths), "--money-file", str(money), *DECLARED, *MONEY, "--json"]) == 0
    assert capsys.readouterr().out == together


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audit", "nowhere.csv", *DECLARED], "cannot read"),
        (["audit", "panel.csv"], "--unit is needed"),
        (["audit", "panel.csv", *DECLARED[:-1], "peple"], "did you mean `people`?"),
        (["audit", "panel.csv", *DECLARED, "--accept", "AV14"], "CODE=reason"),
        (["fit", "deaths ~ + | state", "panel.csv"], "^"),
        (["fit", "deaths ~ people", "panel.csv", "--events", "deaths"], "--events needs --unit"),
        (["forecast", "panel.csv", *DECLARED, "--scenario", "more"], "NAME=FACTOR"),
        (["forecast", "panel.csv", *DECLARED, "--horizon", "0"], "horizon"),
        (["brief"], "--demo"),
        (["breif"], "breif"),
    ],
)
def test_what_is_wrong_is_one_message(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    panel_csv(tmp_path / "panel.csv")
    assert run(arguments) == 1
    out, err = capsys.readouterr()
    assert message in err
    assert "Traceback" not in err
    assert not out


def test_a_join_keeps_what_only_one_side_has() -> None:
    deaths = {"state": np.array(["a", "a"]), "year": np.array([2018.0, 2019.0]), "deaths": np.array([3.0, 4.0])}
    money = {"state": np.array(["a", "a"]), "year": np.array([2019, 2020]), "usd": np.array([5, 6])}
    joined = join(deaths, money, ("state", "year"))
    assert joined["year"].tolist() == [2018, 2019, 2020]
    np.testing.assert_array_equal(joined["deaths"], [3, 4, np.nan])
    np.testing.assert_array_equal(joined["usd"], [np.nan, 5, 6])


def test_a_join_refuses_what_it_cannot_match() -> None:
    table = {"state": np.array(["a", "a"]), "year": np.array([2018, 2018]), "deaths": np.array([3.0, 4.0])}
    one = {"state": np.array(["a"]), "year": np.array([2018]), "usd": np.array([1.0])}
    with pytest.raises(av.InputError, match="a, 2018 twice: rows 0 and 1"):
        join(table, one, ("state", "year"))
    with pytest.raises(av.InputError, match="in both files"):
        join({**one, "usd": one["usd"]}, one, ("state", "year"))
    with pytest.raises(av.InputError, match="no column `state`"):
        join(one, {"year": np.array([2018])}, ("state", "year"))


def test_small_counts_are_withheld() -> None:
    assert [shown(count) for count in (0, 1, 9, 10, 1234)] == ["0", "1–9", "1–9", "10", "1,234"]
    np.testing.assert_array_equal(drawn([0.0, 5.0, 12.0]), [0.0, np.nan, 12.0])
