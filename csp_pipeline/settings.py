"""Where things are and how much memory to use: one frozen object, from options or `CSP_` environment variables."""

import os
import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Settings of one pipeline: every field can be given as `CSP_<FIELD>` in the environment; an empty one is not given."""

    model_config = SettingsConfigDict(env_prefix="CSP_", frozen=True, env_ignore_empty=True)

    sources: Path = Field(PROJECT / "sources", description="what partners send and what the partnership decides")
    warehouse: Path = Field(PROJECT / "warehouse", description="landing, lake, the published warehouse and the reports")
    views: Path = Field(PROJECT / "warehouse" / "views", description="SQL views published with the warehouse")
    memory_limit: str = Field("900MB", description="DuckDB's memory limit", pattern=r"^\d+(\.\d+)? ?[KMGTkmgt]([Ii]?[Bb])?$")
    threads: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 8), description="DuckDB's threads", ge=1)
    steps_at_once: int = Field(
        2, description="steps of a run, and reports of one step, at work side by side, in threads of a process", ge=1
    )
    batch_rows: int = Field(200_000, description="rows validated at a time", ge=1_000)
    person_key_secret: SecretStr | None = Field(
        None, description="secret for re-keying person keys; made once beside landing when not given"
    )

    @field_validator("person_key_secret")
    @classmethod
    def _is_a_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("is blank, so that everybody knows it; give one made by openssl rand -hex 32, or leave it out")
        return value

    @field_validator("warehouse")
    @classmethod
    def _can_hold_the_record_of_runs(cls, value: Path) -> Path:
        # SQLite's addresses, by which Dagster opens its record of runs, read these as more than text: it would lie elsewhere
        if re.search(r"\?|%[0-9A-Fa-f]{2}", str(value.absolute())):
            raise ValueError(
                "holds a ?, or a % with two digits or letters after it, which no address of a file may; choose another folder"
            )
        return value

    @property
    def landing(self) -> Path:
        """Raw bytes of every file received, by hash."""
        return self.warehouse / "landing"

    @property
    def lake(self) -> Path:
        """Parquet: records, rejects, figures, comparisons."""
        return self.warehouse / "lake"

    @property
    def spill(self) -> Path:
        """What DuckDB puts on disk while it does not fit in memory."""
        return self.warehouse / ".spill"

    @property
    def database(self) -> Path:
        """The published DuckDB warehouse."""
        return self.warehouse / "csp.duckdb"

    @property
    def reports(self) -> Path:
        """The reports, `index.html` first."""
        return self.warehouse / "reports"

    def report_files(self, name: str) -> tuple[Path, Path, Path]:
        """An agency's report, or the scorecard: page, workbook and JSON."""
        return self.reports / f"{name}.html", self.reports / f"{name}.xlsx", self.reports / f"{name}.json"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: runs, events, schedules."""
        return self.warehouse / "dagster"
