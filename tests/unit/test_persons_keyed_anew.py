"""Where one agency keys its persons anew, a person key leads nowhere: finding none by it does not say that there is none."""

from typing import Any

from tests.accuracy.few_records import bridge, told

KEYED_ANEW = [f"{number:x}" * 64 for number in range(12)]


def world(cases: list[dict[str, Any]], *, is_anew: bool) -> dict[str, str]:
    """Twelve crimes, each with a case that quotes its number, the persons keyed alike or not; and further cases."""
    crimes = [{"crime_number": f"16/{number + 1}", "person_key": key} for number, key in enumerate(KEYED_ANEW)]
    crimes += [{"crime_number": "16/50", "person_key": "n" * 64}]
    keys = KEYED_ANEW[1:] + KEYED_ANEW[:1] if is_anew else KEYED_ANEW
    if is_anew:
        keys = [key.replace(key[0], "xyzuvwrstopq"[number]) for number, key in enumerate(keys)]
    quoting = [
        {"case_id": f"C{number + 1}", "police_crime_reference": f"16/{number + 1}", "person_key": key}
        for number, key in enumerate(keys)
    ]
    return told(bridge(crimes, quoting + cases))


def test_a_case_without_a_number_is_not_said_to_be_unknown_to_the_police() -> None:
    causes = world([{"case_id": "C99", "person_key": "m" * 64}], is_anew=True)
    assert causes["C1"] == causes["16/1"] == "unexplained: persons_do_not_match"
    assert causes["C99"] == "unexplained: persons_do_not_match"
    # nearly all cases quote a number, and none quotes this one's
    assert causes["16/50"] == "known_to_one_agency_only: "


def test_it_is_where_the_persons_of_its_month_match() -> None:
    assert world([{"case_id": "C99", "person_key": "m" * 64}], is_anew=False) == {
        "C99": "known_to_one_agency_only: ",
        "16/50": "known_to_one_agency_only: ",
    }


def test_where_most_cases_have_no_number_the_crimes_are_not_said_to_be_unknown_to_the_service() -> None:
    others = [{"case_id": f"D{number}", "person_key": f"{number:064d}"} for number in range(20)]
    causes = world([*others, {"case_id": "E", "police_crime_reference": "15/77", "person_key": "k" * 64}], is_anew=True)
    assert causes["D7"] == causes["16/50"] == "unexplained: persons_do_not_match"
    assert causes["E"] == "unexplained: reference_not_found"
