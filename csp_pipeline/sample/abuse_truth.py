"""The truth about the domestic world: which record differs for which cause, and the bridge of figures."""

from __future__ import annotations

from collections import Counter

from csp_pipeline.sample.abuse import LATE_QUARTER, Case, Crime, Incident, World
from csp_pipeline.sample.abuse_plan import CAUSE_OF_KIND
from csp_pipeline.sample.county import LATE_EXTRACT, name_quarter, render_reference
from csp_pipeline.sample.late import LATE_CRIME_EXTRACT, LATE_MONTH
from csp_pipeline.sample.periods import Month, date_extract, name_file
from csp_pipeline.sample.reference import HARBOROUGH, Reference
from csp_pipeline.sample.truth import Truth

MEASURE = "Domestic violence with injury"
POLICE, COUNTY = ("police", "crimes"), ("county", "domestic_abuse")
CRIME_EXTRACT_DAYS = 10
_INJURY = "Violence with injury"


def plant_abuse_truth(truth: Truth, world: World) -> None:
    """Note every record of the domestic world that differs between the agencies, and every true link."""
    for incident in world.incidents:
        for crime in incident.crimes:
            for case in incident.cases:
                if case.crime is not None and world.is_delivered(case):
                    truth.link(crime.number, case.case_id)
        _plant_cause(truth, world, incident)
        _plant_later(truth, world, incident)
        for case in incident.cases:
            if world.is_delivered(case):
                _plant_reference(truth, case)
    missing = Counter(case.quarter.label for _, case in world.iterate_cases() if _in_missing_quarter(world, case))
    for label, count in sorted(missing.items()):
        truth.plant("missing_submission", *COUNTY, "", label, detail=f"the quarter never arrived; it held {count} cases")


def count_abuse_figures(truth: Truth, world: World, reference: Reference) -> None:
    """Count the county's figures by district of residence, and the bridge for Harborough."""
    harborough = reference.harborough
    for vintage in ("first", "latest"):
        for _, case in world.iterate_cases():
            seen = case.view(vintage)
            if seen and world.is_delivered(case) and seen.injury == "Yes" and seen.status != "Opened in error":
                area = reference.districts[seen.district].code
                truth.count(MEASURE, area, case.quarter.financial_year, *COUNTY, vintage, 1)
        for year in world.years:
            steps: Counter[str] = Counter()
            start = 0
            for incident in world.incidents:
                start += _count_crimes(reference, incident, year, vintage)
                steps.update(_explain(reference, world, incident, year, vintage))
            truth.bridge(MEASURE, HARBOROUGH, year, vintage, "police crimes", start)
            for cause in sorted(steps):
                if steps[cause]:
                    truth.bridge(MEASURE, HARBOROUGH, year, vintage, cause, steps[cause])
            end = sum(_counts_case(world, case, harborough, year, vintage) for _, case in world.iterate_cases())
            truth.bridge(MEASURE, HARBOROUGH, year, vintage, "county cases", end)


def name_crime_file(month: Month) -> str:
    """Name the first extract of a month's crimes."""
    return name_file("crimes", month.label, date_extract(month.last, CRIME_EXTRACT_DAYS), "csv")


def _plant_cause(truth: Truth, world: World, incident: Incident) -> None:
    cause = CAUSE_OF_KIND[incident.kind]
    crime = incident.crimes[0] if incident.crimes else None
    case = incident.cases[0] if incident.cases else None
    if case and not world.is_delivered(case):
        _plant_undelivered(truth, world, incident, case)
    elif not cause or (crime and crime.late_only) or (case and case.late_only):
        return
    elif crime and case:
        _plant_difference(truth, incident, cause, crime, case)
    elif crime:
        words = _describe(incident, "never referred")
        truth.plant(cause, *POLICE, _file(crime), crime.number, COUNTY, detail=words)
    elif case:
        words = _describe(incident, "never reported to the police")
        truth.plant(cause, *COUNTY, name_quarter(case.quarter), case.case_id, POLICE, detail=words)


def _plant_undelivered(truth: Truth, world: World, incident: Incident, case: Case) -> None:
    """Note the crimes of an incident whose case the partnership never received."""
    cause, why = "reference_date", "another year: its case was opened after the last one"
    if _in_missing_quarter(world, case):
        cause, why = "missing_submission", "its case was in the quarter that never arrived"
    for crime in incident.crimes:
        words = _describe(incident, why)
        truth.plant(cause, *POLICE, _file(crime), crime.number, COUNTY, case.case_id, words)


def _plant_difference(truth: Truth, incident: Incident, cause: str, first: Crime, case: Case) -> None:
    """Note what differs in an incident that both agencies know of."""
    if incident.kind == "several_crimes":
        words = _describe(incident, f"one case; the first crime is {first.number}")
        for crime in incident.crimes[1:]:
            truth.plant(cause, *POLICE, _file(crime), crime.number, COUNTY, case.case_id, words)
    elif incident.kind == "entered_twice":
        original, *_, again = sorted(incident.cases, key=lambda case: case.case_id)
        words = _describe(incident, f"entered twice; the crime is {first.number}")
        file = name_quarter(again.quarter)
        truth.plant(cause, *COUNTY, file, again.case_id, COUNTY, original.case_id, words)
    elif incident.kind == "cancelled_crime":
        words = _describe(incident, "crime cancelled, case counted")
        truth.plant(cause, *POLICE, _file(first), first.number, COUNTY, case.case_id, words)
    elif incident.kind not in {"wrong_reference", "missing_reference"}:
        words = _describe(incident, _say(incident, case, first))
        truth.plant(cause, *COUNTY, name_quarter(case.quarter), case.case_id, POLICE, first.number, words)


def _say(incident: Incident, case: Case, crime: Crime) -> str:
    dates = f"recorded {crime.recorded:%d/%m/%Y}, referred {case.referral:%d/%m/%Y}"
    words = {
        "other_quarter": f"another quarter: {dates}",
        "next_year": f"another year: {dates}",
        "repeat_client": f"same client as {incident.earlier.cases[0].case_id}" if incident.earlier else "",
        "injury_not_stated": f"police {crime.code}, county injury {case.injury}",
        "offence_without_injury": f"police {crime.code}, county injury {case.injury}",
        "not_flagged_domestic": "police crime not flagged domestic",
        "resident_elsewhere": "incident in Harborough, victim lives elsewhere",
        "incident_elsewhere": "incident elsewhere, victim lives in Harborough",
        "opened_in_error": "case opened in error, crime counted",
    }
    return words[incident.kind]


def _describe(incident: Incident, words: str) -> str:
    place = "Harborough" if incident.harborough else "other district"
    return f"{words}; {incident.year}; {'with injury' if incident.injury else 'without injury'}; {place}"


def _plant_later(truth: Truth, world: World, incident: Incident) -> None:
    for crime in incident.crimes:
        if crime.late_only:
            truth.plant(
                "later_vintage",
                *POLICE,
                late_crime_name(),
                crime.number,
                detail=_describe(incident, "added late, domestic, never referred"),
            )
        elif crime.later:
            change = (
                f"now {crime.later.status}" if crime.later.status != crime.status else f"{crime.code} is now {crime.later.code}"
            )
            truth.plant(
                "later_vintage",
                *POLICE,
                late_crime_name(),
                crime.number,
                COUNTY,
                incident.cases[0].case_id,
                _describe(incident, change),
            )
    for case in incident.cases:
        name = name_quarter(case.quarter, LATE_EXTRACT)
        if not world.is_delivered(case) or case.quarter.label != LATE_QUARTER:
            continue
        if case.late_only:
            truth.plant(
                "later_vintage",
                *COUNTY,
                name,
                case.case_id,
                detail=_describe(incident, "added late, never reported to the police"),
            )
        elif case.later:
            change = next(
                f"{field} {getattr(case, field)} is now {getattr(case.later, field)}"
                for field in ("status", "injury", "district")
                if getattr(case, field) != getattr(case.later, field)
            )
            key = case.crime.number if case.crime else ""
            truth.plant("later_vintage", *COUNTY, name, case.case_id, POLICE, key, _describe(incident, change))


def late_crime_name() -> str:
    """Name the late re-extract of crimes."""
    return name_file("crimes", LATE_MONTH.label, LATE_CRIME_EXTRACT, "csv")


def _plant_reference(truth: Truth, case: Case) -> None:
    if case.crime is None:
        return
    text = render_reference(case)
    name = name_quarter(case.quarter) if not case.late_only else name_quarter(case.quarter, LATE_EXTRACT)
    if not text:
        truth.plant(
            "missing_reference",
            *COUNTY,
            name,
            case.case_id,
            POLICE,
            case.crime.number,
            "blank although the police know of it",
        )
    elif text != case.crime.number:
        right = {"hyphen": "other format", "reversed": "other format", "spaces": "stray spaces"}.get(case.reference)
        if right is None:
            lost = text.split("/")[1] == case.crime.number.split("/")[1].lstrip("0")
            right = "lost leading zeros" if lost else "digits transposed"
        truth.plant("wrong_reference", *COUNTY, name, case.case_id, POLICE, case.crime.number, f"{right}: {text.strip()}")


def _in_missing_quarter(world: World, case: Case) -> bool:
    return case.quarter.financial_year in world.years and not world.is_delivered(case)


def _file(crime: Crime) -> str:
    return name_crime_file(Month(crime.recorded.year, crime.recorded.month))


def _count_crimes(reference: Reference, incident: Incident, year: str, vintage: str) -> int:
    """Count the crimes of an incident that the police measure counts."""
    seen = [crime for crime in (crime.view(vintage) for crime in incident.crimes) if crime]
    return sum(_is_counted(reference, crime, year) for crime in seen)


def _is_counted(reference: Reference, crime: Crime, year: str) -> bool:
    return (
        crime.status == "Recorded"
        and crime.domestic
        and reference.lsoa_district[crime.lsoa] == reference.harborough
        and reference.offences[reference.index_offence(crime.code)].subgroup == _INJURY
        and Month(crime.recorded.year, crime.recorded.month).financial_year == year
    )


def _counts_case(world: World, case: Case, harborough: int, year: str, vintage: str, undelivered: bool = False) -> bool:
    seen = case.view(vintage)
    return bool(
        seen
        and seen.injury == "Yes"
        and seen.district == harborough
        and seen.status != "Opened in error"
        and case.quarter.financial_year == year
        and (undelivered or world.is_delivered(case))
    )


def _explain(reference: Reference, world: World, incident: Incident, year: str, vintage: str) -> Counter[str]:
    """Share the difference an incident makes among its causes."""
    steps: Counter[str] = Counter()

    def differ(seen: str) -> tuple[int, int]:
        cases = [_counts_case(world, case, reference.harborough, year, seen, True) for case in incident.cases]
        arrived = [_counts_case(world, case, reference.harborough, year, seen) for case in incident.cases]
        return sum(cases) - _count_crimes(reference, incident, year, seen), sum(arrived) - sum(cases)

    plain, missing = differ(vintage)
    steps["missing_submission"] += missing
    if vintage == "latest" and incident.late_cause:
        before, _ = differ("first")
        steps[incident.late_cause] += plain - before
        plain = before
    steps[CAUSE_OF_KIND[incident.kind] or "unexplained"] += plain
    return steps
