"""A few crimes and cases, each written out, to hold one rule of linking and bridging against."""

from typing import Any

import pandas as pd

from csp_pipeline.partnership.links import LinksFile
from tests.accuracy.bridging import Bridged, bridge_tables
from tests.accuracy.other_worlds import CASES, CRIMES, HARBOROUGH, HERE

ANN, BEA, CAT = (letter * 64 for letter in "abc")
DAY = pd.Timestamp("2016-05-05")


def bridge(crimes: list[dict[str, Any]], cases: list[dict[str, Any]], links: LinksFile | None = None) -> Bridged:
    """Bridge crimes and cases of one day in one place, but for what each says otherwise."""
    usual = {"valid_to": pd.NaT, "submission_id": "one", "sheet": None}
    crime = usual | {"recorded_date": DAY, "committed_from": DAY, "domestic": True, "status": "recorded", "lsoa_code": HERE[0]}
    case = usual | {"referral_date": DAY, "incident_date": DAY, "status": "open", "residence_district": HARBOROUGH}
    crime |= {"person_key": None, "incident_number": None}
    case |= {"person_key": None, "police_crime_reference": None}
    frames = tuple(
        pd.DataFrame([common | row for row in rows])
        .assign(row_number=range(2, len(rows) + 2))
        .astype({"valid_to": "datetime64[s]"})
        for common, rows in ((crime, crimes), (case, cases))
    )
    feeds, year = ("police/crimes", "county/domestic_abuse"), ("2016-04-01", "2017-03-31")
    return bridge_tables(feeds, frames, {"cases": (CRIMES, CASES)}, [HARBOROUGH], year, links=links, compared=["2016-17"])


def told(found: Bridged) -> dict[str, str]:
    """The cause of each record behind the gap, with its detail."""
    return found.records.set_index("record_key")[["cause", "detail"]].fillna("").agg(": ".join, axis=1).to_dict()
