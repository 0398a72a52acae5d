"""SQL kept in `.sql` files beside the code that runs it; where it depends on declarations it is a Jinja template."""

from typing import Any

import jinja2

from csp_pipeline.sql_text import identifier, period_label, quoted

# What is filled in is SQL, not HTML: names and literals go through the filters below.
_environment = jinja2.Environment(  # noqa: S701
    loader=jinja2.PackageLoader("csp_pipeline", ""), undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_environment.filters["identifier"] = identifier
_environment.filters["quoted"] = quoted
_environment.globals["period_label"] = period_label


def read_sql(package: str, name: str, **values: Any) -> str:
    """The text of `<package>/sql/<name>.sql`, filled in with the values."""
    folder = package.removeprefix("csp_pipeline.")
    return _environment.get_template(f"{folder}/sql/{name}.sql").render(**values)
