"""Dagster's front door: `dagster dev -w workspace.yaml` and the schedule load the definitions from here."""

from csp_pipeline.defs.build import build_definitions
from csp_pipeline.settings import Settings
from csp_pipeline.stages import open_pipeline

defs = build_definitions(open_pipeline(Settings()))
