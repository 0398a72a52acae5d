"""The DuckDB warehouse: built beside, checked, put in place in one rename; and its dictionary."""
