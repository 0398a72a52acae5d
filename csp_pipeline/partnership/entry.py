"""The base of every entry in the YAML under `sources/`, and how an entry names a secret without holding it."""

import re

from pydantic import BaseModel, ConfigDict

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class Entry(BaseModel):
    """Base of every configuration entry: unknown keys are mistakes, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
