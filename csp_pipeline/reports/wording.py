"""How numbers, dates, units and bases are written for people: plain British English."""

from datetime import date

DATE_BASES = {
    "recorded": "the day of recording",
    "committed": "the day it was committed",
    "reported": "the day of reporting",
    "opened": "the day the case was opened",
    "referred": "the day of referral",
    "disposed": "the day of disposal",
    "discharged": "the day of discharge",
    "call": "the time of the call",
    "incident": "the day of the incident",
    "month": "the publisher's month",
    "open": "being open in the period",
    "surveyed": "the day of the survey",
}
AREA_BASES = {
    "offence": "the place of the offence",
    "incident": "the place of the incident",
    "residence": "where the person lives",
    "anonymised_point": "an anonymised point nearby",
    "published": "the area named in the publication",
    "surveyed": "the area surveyed",
}
# Titles of the causes of a bridge's steps, short enough for a chart; `{detail}` is the condition that is not met.
CAUSES = {
    "reference_date": "Dated in another period",
    "reference_period": "In months not sent",
    "classification": "Not met: {detail}",
    "geography": "In another area",
    "status": "Not met: {detail}",
    "counting_unit": "Counted more than once",
    "repeats": "The same again in the period",
    "duplicates": "Entered twice",
    "rejected_row": "Sent, but the row was rejected",
    "later_vintage": "Taken out by a later extract",
    "known_to_one_agency_only": "Known to one side only",
    "unexplained": "Unexplained",
    "withheld": "Other causes, together",
}
PLURALS = {"person": "people", "percent": "per cent"}
CHANGES = {
    "freeze": "file refused",
    "evolve": "taken",
    "discard_row": "rows rejected",
    "discard_value": "left out",
}
OUTCOMES = {
    "accepted": "accepted",
    "accepted_with_warnings": "accepted, with a note",
    "accepted_with_rejects": "accepted, some rows rejected",
    "refused": "refused",
}


def number(value: float) -> str:
    """`1,204` or `12.5`, with a real minus sign."""
    whole = f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
    return whole.replace("-", "−")


def signed(value: float) -> str:
    """`+12` or `−3`; `0` has no sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def counted(amount: int, noun: str) -> str:
    """`1 file`, `2 files`, `0 files`."""
    return f"{amount:,} {noun if amount == 1 else plural(noun)}"


def further_rejected(rows: int) -> str:
    """What stands for rejected rows that are not listed, after those of the same file and problem that are."""
    return f"The same in {counted(rows, 'more row')} of this file: one mistake of the export, to be corrected there."


def plural(noun: str) -> str:
    """The plural of a unit or noun."""
    if noun in PLURALS:
        return PLURALS[noun]
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"


def measured(shown: str, unit: str) -> str:
    """A figure with its unit: `1 case`, `204 cases`, `[c] cases`."""
    return f"{shown} {unit if shown == '1' and unit not in PLURALS else plural(unit)}"


def long_date(day: date | None) -> str:
    """`4 July 2017`, or `[x]` where there is none."""
    return f"{day.day} {day:%B %Y}" if day else "[x]"


def date_basis(basis: str) -> str:
    """How a record gets into a period."""
    return DATE_BASES.get(basis, f"the date {basis}")


def area_basis(basis: str) -> str:
    """How a record gets into an area."""
    return AREA_BASES.get(basis, f"the area of {basis}")


def coverage(share: float | None) -> str:
    """Which part of the period has been covered."""
    if share is None:
        return "[x]"
    return "the whole period" if share >= 1 else f"{share:.0%} of the period"


def possessive(name: str) -> str:
    """`Leicestershire Police's`, `Fire & Rescue Services'`."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def sentence_case(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def capitalised(text: str) -> str:
    """The text with a capital first letter."""
    return f"{text[:1].upper()}{text[1:]}"


def joined(parts: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def condition(detail: str) -> str:
    """A condition as people say it: `status <> 'opened_in_error'` is `status is not opened in error`."""
    said = detail.replace(" <> ", " is not ").replace(" = ", " is ").replace("'", "").replace("_", " ")
    return f"{said[:1].lower()}{said[1:]}"


def cause_title(cause: str, detail: str | None) -> str:
    """The short title of a bridge's step."""
    title = CAUSES.get(cause, sentence_case(cause.replace("_", " ")).rstrip("."))
    return title.format(detail=condition(detail)) if detail else title.replace(": {detail}", " its condition")


def cause_meaning(sentence: str, detail: str | None) -> str:
    """What a step says of its records, its condition put in words."""
    return sentence.replace(f": {detail}", f" (the condition is “{condition(detail)}”)") if detail else sentence
