"""The sample world: partners' exports written from a seed, with the truth about what was planted in them."""

from csp_pipeline.sample.world import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
