"""Make the data sets that travel with the package from the files they came from.

    python tools/bundle.py ../shared/data

Writes `python/averted/data/*.csv.gz` (the same bytes for the same input) and `provenance.json`, which records the
SHA-256 of every input and of every table written; then `docs/datasets.md` from `catalogue.toml`.

Columns are chosen, renamed and put into whole US dollars, and small counts are withheld; nothing is imputed. No count
of deaths from 1 to 9 below the national level is written, nor two that give one away by subtraction.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import sys
from pathlib import Path

import averted.datasets

ROOT = Path(__file__).parent.parent
DATA = ROOT / "python" / "averted" / "data"

Row = dict[str, str]

WESTERN_HEMISPHERE = "joined/western_hemisphere_aid_homicide.csv"
STATES = "joined/state_police_spending_homicide_overdose.csv"
FACTS = "facts_annual.csv"
MERIDA = "spending_and_deflators/merida_appropriations_by_account.csv"
PRICES = "spending_and_deflators/us_cpi_u_monthly.csv"
RATES = "spending_and_deflators/mxn_per_usd_monthly.csv"
MEXICO = "mx_homicide_state_month/mx_homicides_state_month_2000_2019.csv"

#: The Mexican states in the order of INEGI's keys 01 to 32.
MEXICAN_STATES = (
    *("Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Coahuila", "Colima", "Chiapas"),
    *("Chihuahua", "Ciudad de México", "Durango", "Guanajuato", "Guerrero", "Hidalgo", "Jalisco", "México"),
    *("Michoacán", "Morelos", "Nayarit", "Nuevo León", "Oaxaca", "Puebla", "Querétaro", "Quintana Roo"),
    *("San Luis Potosí", "Sinaloa", "Sonora", "Tabasco", "Tamaulipas", "Tlaxcala", "Veracruz", "Yucatán", "Zacatecas"),
)

#: The series that the core compiles in: the same bytes as the bundled table.
CORE = {name: ROOT / "src" / "data" / "money" / f"{name}.csv" for name in ("cpi_u", "mxn_usd")}

#: us_states: name here -> (name in the source, factor); no source, made below.
STATE_COLUMNS = {
    "state": ("state", 0),
    "state_abbr": ("state_abbr", 0),
    "year": ("year", 0),
    "population": ("population", 1),
    "homicides": ("homicides_fbi", 1),
    "overdose_deaths": ("drug_poisoning_deaths", 1),
    "opioid_deaths": ("opioid_poisoning_deaths", 1),
    "heroin_deaths": ("heroin_poisoning_deaths", 1),
    "synthetic_opioid_deaths": ("t40_4_synthetic_opioid_deaths", 1),
    "cocaine_deaths": ("cocaine_poisoning_deaths", 1),
    "psychostimulant_deaths": ("psychostimulant_poisoning_deaths", 1),
    "overdose_rate_age_adjusted": ("drug_poisoning_aadr_per_100k", 0),
    "police_usd_per_person": ("police_state_local_pc_usd", 1),
    "police_usd": ("", 0),
    "corrections_state_usd": ("corrections_state_govt_kusd", 1000),
    "total_state_usd": ("total_expenditure_state_govt_kusd", 1000),
    "violent_crime": ("violent_crime", 1),
    "property_crime": ("property_crime", 1),
    "meth_lab_incidents": ("meth_lab_seizure_incidents", 1),
    "cannabis_plants_eradicated": ("cannabis_plants_eradicated", 1),
    "treatment_clients_one_day": ("clients_in_sud_treatment_one_day", 1),
    "unemployment_rate": ("unemploymentrate", 0),
    "suppressed": ("", 0),
}

#: A count of deaths -> the counts that contain it. A difference of 1 to 9 would give a small count away.
CONTAINED_IN = {
    "opioid_deaths": ["overdose_deaths"],
    "heroin_deaths": ["overdose_deaths", "opioid_deaths"],
    "synthetic_opioid_deaths": ["overdose_deaths", "opioid_deaths"],
    "cocaine_deaths": ["overdose_deaths"],
    "psychostimulant_deaths": ["overdose_deaths"],
}

#: Counts of deaths in us_states.
STATE_DEATHS = ["homicides", "overdose_deaths", *CONTAINED_IN]

#: facts: name here -> (name in the source, factor).
FACT_COLUMNS = {
    "year": ("year", 0),
    "us_population": ("us_population", 1),
    "us_overdose_deaths": ("us_overdose_deaths", 1),
    "us_overdose_rate_age_adjusted": ("us_overdose_rate_age_adj", 0),
    "us_opioid_deaths": ("us_opioid_overdose_deaths", 1),
    "us_heroin_deaths": ("us_heroin", 1),
    "us_synthetic_opioid_deaths": ("us_synthetic_opioid", 1),
    "us_prescription_opioid_deaths": ("us_rx_opioid", 1),
    "mx_population": ("mx_population", 1),
    "mx_homicides": ("mx_homicides", 1),
    "merida_appropriated_usd": ("merida_appropriation_musd", 1_000_000),
    "aid_mexico_appropriated_usd": ("us_aid_mexico_appropriated_planned_musd", 1_000_000),
    "cpi_u": ("us_cpi_u", 0),
    "mxn_per_usd": ("mxn_per_usd", 0),
}


def western_hemisphere(rows: list[Row]) -> list[Row]:
    """All columns but the deflator (bundled once, as cpi_u) and the two that repeat the source on every row."""
    dropped = ("cpi_u_fy", "src_homicide", "src_aid")
    return [{name: whole(text) for name, text in row.items() if name not in dropped} for row in rows]


def us_states(rows: list[Row]) -> list[Row]:
    """Renamed, in dollars, without small counts; the column `suppressed` names the counts withheld for being small."""
    abbreviation = {row["state"]: row["state_abbr"] for row in rows if row["state_abbr"]}
    out = [renamed(row, STATE_COLUMNS) | {"state_abbr": abbreviation[row["state"]]} for row in rows]
    for row in out:
        head = row["police_usd_per_person"]
        row["police_usd"] = str(int(head) * int(row["population"])) if head and row["population"] else ""
    measured = {(row["year"], name) for row in out for name in STATE_DEATHS if row[name]}
    for row in out:
        # Blank while other states have a figure that year: the source withheld it. (All homicides are printed there.)
        withheld = [name for name in CONTAINED_IN if not row[name] and (row["year"], name) in measured]
        for name in STATE_DEATHS:
            if small(row[name]):
                withheld.append(name)
                row[name] = ""
        row["suppressed"] = " ".join(name for name in STATE_DEATHS if name in withheld)
    for row in out:
        for name, parents in CONTAINED_IN.items():
            if row[name] and any(row[p] and small(str(int(row[p]) - int(row[name]))) for p in parents):
                row[name] = ""
    for year, name in sorted(measured):
        # One blank alone is the national total less the other states: a second one protects it.
        column = [row for row in out if row["year"] == year]
        if name in CONTAINED_IN and sum(not row[name] for row in column) == 1:
            min((row for row in column if row[name]), key=lambda row: int(row[name]))[name] = ""
    return out


def facts(rows: list[Row]) -> list[Row]:
    """Renamed and in dollars; two figures that rest on a private compiler's summary are left out."""
    out = [renamed(row, FACT_COLUMNS) for row in rows]
    for row in out:
        if row["year"] in ("2022", "2023"):
            row["us_synthetic_opioid_deaths"] = ""
    return out


def merida(rows: list[Row]) -> list[Row]:
    """In dollars, with the fiscal year as a number and the stage as one word."""
    return [
        {
            "fiscal_year": row["fiscal_year"].removeprefix("FY"),
            "line": "supplemental" if "supplemental" in row["what"] else "regular",
            "account": row["account"],
            "usd": scaled(row["musd"], 1_000_000),
            "stage": "requested" if row["stage"] == "request" else "appropriated",
            "source": row["source"],
            "note": row["note"],
        }
        for row in rows
    ]


def cpi_u(rows: list[Row]) -> list[Row]:
    """Month and index; the percent change is left out."""
    return [{"month": row["Date"][:7], "cpi_u": row["Index"]} for row in rows]


def mxn_usd(rows: list[Row]) -> list[Row]:
    """Month and rate."""
    return [{"month": row["date"][:7], "mxn_per_usd": row["rate"]} for row in rows]


def mx_states(rows: list[Row]) -> list[Row]:
    """Months summed to years, in which no count is below 10; the population is the mean of the months."""
    cells: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in rows:
        months = cells.setdefault((row["cve_ent"], row["year"]), [])
        months.append((int(row["homicides"]), int(row["population"])))
    out = []
    for (key, year), months in sorted(cells.items()):
        deaths = sum(count for count, _ in months)
        if len(months) != 12 or small(str(deaths)):
            raise ValueError(f"{key}, {year}: {len(months)} months, {deaths} deaths")
        people = round(sum(people for _, people in months) / 12)
        state = {"state": MEXICAN_STATES[int(key) - 1], "cve_ent": key, "year": year}
        out.append({**state, "homicides": str(deaths), "population": str(people)})
    return out


def renamed(row: Row, columns: dict[str, tuple[str, int]]) -> Row:
    """The chosen columns; factor 0 keeps the text as it is."""
    raw = {name: (row.get(source, ""), factor) for name, (source, factor) in columns.items()}
    return {name: scaled(text, factor) if factor else text for name, (text, factor) in raw.items()}


def scaled(text: str, factor: int) -> str:
    """A number times a factor, without a trailing `.0`."""
    return whole(repr(round(float(text) * factor, 6))) if text else ""


def whole(text: str) -> str:
    """`12.0` as `12`; other text as it is."""
    head, _, tail = text.partition(".")
    return head if head.lstrip("-").isdigit() and tail.strip("0") == "" else text


def small(text: str) -> bool:
    """Is it a count from 1 to 9?"""
    return text != "" and 1 <= float(text) <= 9


#: The head of `docs/datasets.md`.
PAGE = """# Bundled data

Small real tables that travel with the package, so that every example runs offline.

```python
import averted as av

print(av.datasets.names())
panel = av.datasets.load("western_hemisphere")  # a pandas frame; kind="polars", "pyarrow" or "dict" for another
print(av.datasets.describe("western_hemisphere"))  # what follows here, in the terminal or the notebook
```

Nothing is imputed: an empty cell is one that the source does not have, or withholds. No table shows a count of deaths
from 1 to 9 below the national level. `tools/bundle.py` made each from the files whose SHA-256 stand in
`python/averted/data/provenance.json`. Cite the agencies, not this package, for the figures.
"""

#: Name -> (input, how it is made).
BUNDLE = {
    "western_hemisphere": (WESTERN_HEMISPHERE, western_hemisphere),
    "us_states": (STATES, us_states),
    "facts": (FACTS, facts),
    "merida": (MERIDA, merida),
    "cpi_u": (PRICES, cpi_u),
    "mxn_usd": (RATES, mxn_usd),
    "mx_states": (MEXICO, mx_states),
}


def main(source: Path) -> None:
    """Write every data set and say what it was made from."""
    provenance = {}
    for name, (path, make) in BUNDLE.items():
        raw = (source / path).read_bytes()
        rows = make(list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))))
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        table = text.getvalue().encode()
        # The tenth byte of the header names the operating system: 255 is "unknown", the same on every machine.
        packed = bytearray(gzip.compress(table, 9, mtime=0))
        packed[9] = 255
        (DATA / f"{name}.csv.gz").write_bytes(packed)
        if name in CORE:
            CORE[name].write_bytes(table)
        digest = hashlib.sha256(table).hexdigest()
        inputs = {Path(path).name: hashlib.sha256(raw).hexdigest()}
        provenance[name] = {"rows": len(rows), "columns": len(rows[0]), "sha256": digest, "inputs": inputs}
    (DATA / "provenance.json").write_text(json.dumps(provenance, indent=2) + "\n")
    write_page(ROOT / "docs" / "datasets.md")


def write_page(page: Path) -> None:
    """The page on the data sets, each as `describe` tells it."""
    sections = [averted.datasets.describe(name).to_markdown() for name in averted.datasets.names()]
    page.write_text("\n".join([PAGE, *sections]), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
