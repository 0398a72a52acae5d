"""Values of JSON as text: what stands for no value is a blank."""

from pathlib import Path

from csp_pipeline import tables
from csp_pipeline.intake.read_json import open_json
from tests.conftest import Pipeline


@tables.feed(row_unit="attendance")
class Attendances(tables.FeedTable):
    """Attendances at an emergency department, with the ambulance's reference where one brought the patient."""

    number: str = tables.text("Attendance", header="attendance.number")
    ambulance: str = tables.text("Ambulance's reference", nullable=True)
    ward: str = tables.text("Ward", nullable=True)


def test_nan_is_a_blank_and_the_word_nan_is_not(desk: Pipeline, tmp_path: Path) -> None:
    """Python writes NaN, which JSON does not know, for a missing value; as a word it would be the reference of all of them."""
    path = tmp_path / "attendances.json"
    path.write_text(
        '[{"attendance": {"number": 1}, "ambulance": NaN, "ward": "NaN"},'
        ' {"attendance": {"number": NaN}, "ambulance": "A-7", "ward": null},'
        ' {"attendance": {"number": 1.50}, "ambulance": "", "ward": -3}]',
        "utf-8",
    )
    columns = tables.feed_spec(Attendances).columns
    (batch,) = open_json(path, columns, desk.settings).batches
    rows = [(row["number"], row["ambulance"], row["ward"]) for row in batch.to_pylist()]
    assert rows == [("1", None, "NaN"), (None, "A-7", None), ("1.5", None, "-3")]
