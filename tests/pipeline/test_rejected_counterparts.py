"""Records whose counterpart was sent and rejected: the bridge says so, until the corrected file comes."""

from __future__ import annotations

from collections.abc import Callable

from tests.conftest import ONE_YEAR, Pipeline
from tests.small_exports import HARBOROUGH, asb, asb_case, case, crime, csv_text, grid, xlsx

CRIMES, CASES = "police/crimes", "county/domestic_abuse"
ASB, COUNCIL = "police/asb", "district/asb_cases"
DOMESTIC = {"domestic": "Y", "offence_code": "8N"}
IMPOSSIBLE = {"recorded_date": "31/04/2016"}


def crimes(day: str, *rows: dict[str, str]) -> tuple[str, str]:
    return f"crimes_2016-04_extracted-{day}.csv", csv_text(list(rows))


def causes(desk: Pipeline, measure: str = "domestic_abuse") -> dict[str, str]:
    """Why each record of the year's gap is counted by one side only."""
    rows = desk.lake(
        "SELECT record_key, cause, counterpart_key FROM bridge_records WHERE comparison_id IN (SELECT comparison_id FROM"
        f" comparisons WHERE measure = '{measure}' AND area_code = '{HARBOROUGH}' AND period = '2016-17')"
    )
    return {row["record_key"]: f"{row['cause']} {row['counterpart_key']}" for row in rows}


def test_a_record_whose_counterpart_was_rejected_is_not_known_to_one_agency_only(new_pipeline: Callable[..., Pipeline]) -> None:
    """The police's crime 16/000002 has an impossible date, and the county's case DA00003 has one: both agencies know of both."""
    desk = new_pipeline([CRIMES, CASES], ONE_YEAR, ["domestic_abuse"])
    both = [crime(number, **DOMESTIC) for number in (1, 2, 3, 4)]
    cases = [case(n, **{"Police crime ref": f"16-{n:06d}"}) for n in (1, 2, 3)]
    cases[2] |= {"Referral date": "31/04/2016"}
    desk.put(CASES, "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", xlsx({"Cases": grid(cases)}))
    desk.put(CRIMES, *crimes("2016-05-10", both[0], both[1] | IMPOSSIBLE, *both[2:]))
    desk.run_to_discrepancies()
    assert causes(desk) == {
        "DA00002": "rejected_row 16/000002",
        "16/000003": "rejected_row DA00003",
        "16/000004": "known_to_one_agency_only None",
    }
    assert [row["record_key_a"] for row in desk.lake("FROM links")] == ["16/000001"], "a rejected row is no record"
    sentences = {row["sentence"] for row in desk.lake("FROM bridge_steps WHERE cause = 'rejected_row'")}
    assert sentences == {"The other side sent them too, in rows that were rejected."}
    # an earlier extract had the crime: that it is gone from the later one is no revision, as its row was rejected there
    desk.put(CRIMES, *crimes("2016-05-08", *both))
    desk.run_to_discrepancies()
    assert causes(desk)["DA00002"] == "rejected_row 16/000002"
    # sent again, corrected
    desk.put(CRIMES, *crimes("2016-05-12", *both))
    desk.run_to_discrepancies()
    assert set(causes(desk)) == {"16/000003", "16/000004"}


def test_a_conflict_says_how_many_rows_its_figures_may_lack(new_pipeline: Callable[..., Pipeline]) -> None:
    """Three rows of April's first file are wrong and two of its second, which holds; and one of May's."""
    desk = new_pipeline([CRIMES, CASES], ONE_YEAR, ["domestic_abuse"])
    april = [crime(number, **DOMESTIC) for number in range(1, 31)]
    wrong = [row | IMPOSSIBLE for row in april[:3]]
    in_may = {"recorded_date": "10/05/2016", "committed_from": "09/05/2016 22:00"} | DOMESTIC
    may = [crime(number, **in_may) for number in range(31, 41)]
    desk.put(CRIMES, *crimes("2016-05-10", *wrong, *april[3:]))
    desk.put(CRIMES, *crimes("2016-06-10", *wrong[:2], *april[2:]))
    desk.put(CRIMES, "crimes_2016-05_extracted-2016-06-10.csv", csv_text([may[0] | IMPOSSIBLE, *may[1:]]))
    june = crime(41, recorded_date="10/06/2016", committed_from="09/06/2016 22:00")
    desk.put(CRIMES, "crimes_2016-06_extracted-2016-07-10.csv", csv_text([june]))
    cases = [case(n, **{"Police crime ref": f"16-{n:06d}"}) for n in (1, 2)]
    desk.put(CASES, "domestic_abuse_2016-17-Q1_extracted-2016-07-20.xlsx", xlsx({"Cases": grid(cases)}))
    desk.run_to_discrepancies()
    query = f"FROM discrepancies WHERE measure = 'domestic_abuse' AND area_code = '{HARBOROUGH}' AND period = '2016-17 Q1'"
    (conflict,) = desk.lake(query)
    assert {conflict[f"agency_{side}"]: conflict[f"rejected_{side}"] for side in "ab"} == {"police": 3, "county": 0}


def test_an_incident_that_was_rejected_explains_the_councils_case_where_no_person_links_them(
    new_pipeline: Callable[..., Pipeline],
) -> None:
    desk = new_pipeline([ASB, COUNCIL], ONE_YEAR, ["asb_reported"])
    incidents = [asb(1), asb(2, category="Loud"), asb(3)]
    cases = [asb_case(f"A{n}", police_incident_number=f"L16 {n:07d}") for n in (1, 2)]
    desk.put(ASB, "asb_2016-04_extracted-2016-05-10.csv", csv_text(incidents))
    desk.put(COUNCIL, "asb_cases_2016-04_extracted-2016-05-10.csv", csv_text(cases))
    desk.run_to_discrepancies()
    assert causes(desk, "asb_reported")["A2"] == "rejected_row L16-0000002"
    assert [row["record_key_b"] for row in desk.lake("FROM links")] == ["A1"]
