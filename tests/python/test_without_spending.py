"""Deaths without the money: against the same sums in numpy, and what is refused."""

from __future__ import annotations

import averted as av
import numpy as np
import pytest


@pytest.fixture(scope="module")
def response(western_hemisphere: av.Panel) -> av.Response:
    return western_hemisphere.respond(lags=2)


def lagged(panel: av.Panel, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Homicides of one unit, and its spending at lags 0 to 2, year by year."""
    frame = panel.frame()
    mine = np.flatnonzero(np.asarray(frame["country"]) == unit)
    mine = mine[np.argsort(np.asarray(frame["year"], dtype=float)[mine])]
    deaths, spend = (np.asarray(frame[c], dtype=float)[mine] for c in ("homicides", "spend"))
    shifted = [np.r_[np.full(lag, np.nan), spend[: len(spend) - lag]] for lag in range(3)]
    return deaths, np.column_stack(shifted)


def test_one_unit_is_the_sum_written_out(western_hemisphere: av.Panel, response: av.Response) -> None:
    deaths, spend = lagged(western_hemisphere, "Mexico")
    without = deaths * np.exp(-spend @ response.lag_coefficients)
    known = np.isfinite(without)
    got = response.without_spending("Mexico", seed=1)
    np.testing.assert_allclose(got.without, without[known], rtol=1e-12)
    np.testing.assert_array_equal(got.observed, deaths[known])
    assert got.averted[0] == pytest.approx((without - deaths)[known].sum(), rel=1e-9)


def test_the_interval_of_one_cell_is_that_of_the_t(western_hemisphere: av.Panel, response: av.Response) -> None:
    """The draws are those of a t with the fit's degrees of freedom, so the ends are known for one cell."""
    _, spend = lagged(western_hemisphere, "Mexico")
    cell = spend[np.isfinite(spend).all(axis=1)][-1]
    spread = np.sqrt(cell @ response.lag_covariance @ cell)
    got = response.without_spending("Mexico", draws=40_000, seed=3)
    reach = np.log(got.upper[-1] / got.lower[-1]) / 2
    # t(33): 2.0345; 40,000 draws place the ends within about 1 %.
    assert response.degrees_of_freedom == pytest.approx(33, abs=2)
    assert reach == pytest.approx(2.0345 * spread, rel=0.03)


def test_same_seed_same_bits_and_a_seed_is_recorded(response: av.Response) -> None:
    first, again = (response.without_spending("Mexico", seed=5) for _ in range(2))
    np.testing.assert_array_equal(first.lower, again.lower)
    drawn = response.without_spending("Mexico", draws=200)
    np.testing.assert_array_equal(drawn.upper, response.without_spending("Mexico", draws=200, seed=drawn.seed).upper)


def test_all_units_are_the_sum_of_each(response: av.Response) -> None:
    assert response.without_spending(seed=1).observed.sum() > response.without_spending("Mexico", seed=1).observed.sum()


def test_what_is_refused(response: av.Response) -> None:
    with pytest.raises(av.InputError, match="did you mean `Mexico`"):
        response.without_spending("Mexco")
    with pytest.raises(av.InputError, match="at least 100"):
        response.without_spending(draws=10)
    with pytest.raises(av.InputError, match="level"):
        response.without_spending(level=95.5)
