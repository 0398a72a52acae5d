"""The kinds of place that partners leave files at; each lists its files and gives their bytes, and knows nothing of landing."""

from csp_pipeline.intake.places.opening import open_place
from csp_pipeline.intake.places.place import FoundFile, Place, SourceDownError, is_wanted

__all__ = ["FoundFile", "Place", "SourceDownError", "is_wanted", "open_place"]
