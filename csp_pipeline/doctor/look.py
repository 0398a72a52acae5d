"""Every examination in turn; one that itself fails is a finding, and holds no other."""

from collections.abc import Callable, Iterable

from csp_pipeline.doctor import delivery, disk, files, installed, places, runs, secrets
from csp_pipeline.doctor.configured import examine_configuration
from csp_pipeline.doctor.findings import Finding, wrong
from csp_pipeline.errors import CspError, is_interruption
from csp_pipeline.partnership.partnership import Partnership, load_partnership
from csp_pipeline.settings import Settings

Examination = Callable[[], Iterable[Finding]]


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; where the configuration cannot be read, at what does not need it. Nothing is changed."""
    partnership = _load(settings)
    examinations: dict[str, Examination] = {
        "versions": installed.examine_versions,
        "configuration": lambda: examine_configuration(settings),
        "disk": lambda: disk.examine_disk(settings),
        "runs": lambda: runs.examine_runs(settings),
    }
    if partnership is not None:
        examinations |= {
            "secrets": lambda: secrets.examine_secrets(settings, partnership),
            "places": lambda: places.examine_places(partnership),
            "files": lambda: files.examine_files(settings, partnership),
            "delivery": lambda: delivery.examine_delivery(settings, partnership),
        }
    return [finding for area, look in examinations.items() for finding in _looked(area, look)]


def _looked(area: str, look: Examination) -> list[Finding]:
    try:
        return list(look())
    except PermissionError as error:
        mend = "Call csp doctor as the user that runs the pipeline, or give this one access to what that user made."
        return [wrong(area, "looking at it", f"{error.filename} may not be read by this user", mend)]
    except Exception as error:  # whatever one examination meets, the others are made
        if is_interruption(error):
            raise
        return [wrong(area, "looking at it", type(error).__name__, "This is a fault of csp doctor itself; report it.")]


def _load(settings: Settings) -> Partnership | None:
    try:
        return load_partnership(settings.sources)
    except CspError:
        return None  # told by the examination of the configuration
