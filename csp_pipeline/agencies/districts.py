"""The district of a published row: the publisher's code as an area of the partnership, or elsewhere."""

from csp_pipeline.tables import Derived


def district_of(column: str, description: str, role: str) -> Derived:
    """The derived column `district_code` from a column that refers to the list of districts.

    A district beyond the partnership's areas is `elsewhere`; a row without one has none.
    """
    return Derived(
        "district_code",
        "VARCHAR",
        f"CASE WHEN {column} IS NULL THEN NULL ELSE coalesce({column}_list.shared, 'elsewhere') END",
        f"{description}; elsewhere beyond the partnership's areas",
        role=role,
        reference="district",
    )
