"""Bringing each agency its report: to a folder, to any place of fsspec, or by e-mail, once for each content."""

from csp_pipeline.delivery.deliver import Delivery, deliver_reports

__all__ = ["Delivery", "deliver_reports"]
