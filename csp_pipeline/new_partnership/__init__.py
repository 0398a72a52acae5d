"""Setting up the `sources/` of another partnership, from this one's and from the ONS's lookups."""

from csp_pipeline.new_partnership.place import Place, describe_place
from csp_pipeline.new_partnership.start import Started, start_partnership

__all__ = ["Place", "Started", "describe_place", "start_partnership"]
