"""Looking whether reports can be delivered, as far as that can be told without sending."""

from collections.abc import Iterator

from csp_pipeline.delivery import look_at_places
from csp_pipeline.doctor.findings import Finding, fine, wrong
from csp_pipeline.partnership.partnership import Partnership
from csp_pipeline.settings import Settings

AREA = "delivery"
MEND = "Mend that, or name another place under delivery in partnership.yml; csp reports --deliver shows what would be sent."


def examine_delivery(settings: Settings, partnership: Partnership) -> Iterator[Finding]:
    """Each addressee's place."""
    for addressee, place, problem in look_at_places(settings, partnership):
        yield wrong(AREA, addressee, problem, MEND) if problem else fine(AREA, addressee, place)
