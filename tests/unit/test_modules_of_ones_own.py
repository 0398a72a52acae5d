"""Mistakes in the module of an agency of one's own: each is told with the module, its line or class, and what is wrong in it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csp_pipeline import agencies, feed_specs, tables
from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.errors import ConfigurationError
from tests.conftest import Pipeline


@pytest.fixture
def small(new_pipeline: Callable[..., Pipeline]) -> Pipeline:
    return new_pipeline(["police/asb"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("class Orders(tables.FeedTable:\n    pass", ("probation.py, line 2: ", "(SyntaxError)")),
        ("import no_such_library", ("probation.py, line 2: No module named 'no_such_library'",)),
        ('class Orders(tables.FeedTable):\n    order_id: str = tables.text("Order", heading="Order")', ("line 3: ", "heading")),
        (
            '@tables.feed(row_unit="order")\nclass Orders(tables.FeedTable):\n'
            '    order_id: str = tables.text("Order", pattern="PO(", role="unit: order")',
            ("line 4: ", "unterminated subpattern"),
        ),
    ],
    ids=["syntax", "import", "argument", "pattern"],
)
def test_a_module_of_ones_own_that_cannot_be_loaded_is_told_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, words: tuple[str, ...]
) -> None:
    (tmp_path / "probation.py").write_text(f"from csp_pipeline import tables\n{body}\n", "utf-8")
    monkeypatch.setattr(agencies, "__path__", [*agencies.__path__, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "csp_pipeline.agencies.probation", raising=False)
    with pytest.raises(ConfigurationError) as caught:
        find_feed_spec("probation/orders")
    sys.modules.pop("csp_pipeline.agencies.probation", None)
    for word in ("csp_pipeline/agencies/probation.py", *words):
        assert word in str(caught.value)


def test_a_list_that_is_not_there_is_told(small: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    model = type("Asb", (tables.FeedTable,), {"__annotations__": {"ward": str}, "ward": tables.text("Ward", reference="ward")})
    tables.feed(row_unit="incident")(model)
    monkeypatch.setattr(feed_specs, "find_feed_spec", lambda *_: tables.feed_spec(model))
    with pytest.raises(ConfigurationError, match=r"police/asb: Asb: ward: reference: 'ward' is not known; known: .*district"):
        feed_specs.find_specs(small.partnership)
