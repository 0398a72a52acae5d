"""Looking at an installation: configuration, places, secrets, disk, versions, runs; and saying how to mend what is wrong."""

from csp_pipeline.doctor.findings import Finding
from csp_pipeline.doctor.look import examine

__all__ = ["Finding", "examine"]
