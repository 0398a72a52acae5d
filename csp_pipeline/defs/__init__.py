"""Dagster's side of the pipeline: the only package that imports it. Assets in flow order, checks, jobs, schedules."""
