"""Which numbers an agency has read in the reports that were sent to it: they cannot be hidden from it any more."""

import json

from csp_pipeline.errors import PublishError
from csp_pipeline.settings import Settings


def cells_shown_before(settings: Settings, agency: str) -> frozenset[str]:
    """The cells (see disclosure_cells.cell_names) whose numbers stand in a report that was sent to an agency.

    A copy of each sent report lies in landing, `reports/<agency>/<as at>-<hash>.json`, and is never changed; a reader may keep
    them all, so all are read. A figure that was shown with another value counts as shown: who knows the old one knows about
    how large the new one is. Raises PublishError for a copy that cannot be read.
    """
    shown: set[str] = set()
    for path in sorted((settings.landing / "reports" / agency).glob("*.json")):
        try:
            conflicts = json.loads(path.read_text(encoding="utf-8"))["conflicts"]
            shown.update(
                f"{figure['agency']}/{figure['feed']}|{conflict['measure']}|{conflict['area_code']}|{conflict['period']}"
                for conflict in conflicts
                for figure in conflict["figures"]
                if figure["value"] is not None
            )
        except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
            raise PublishError(
                f"{path}: this copy of a sent report cannot be read ({error!r}), so it is not known which numbers {agency} has "
                "seen. Restore it from a backup; without it the reports are not written."
            ) from error
    return frozenset(shown)
