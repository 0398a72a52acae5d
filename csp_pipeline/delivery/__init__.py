"""Bringing agencies their reports and the strategy group the scorecard, once for each content: to a folder, to any place of
fsspec, or by e-mail.
"""

from csp_pipeline.delivery.deliver import Delivery, addressees_of, deliver_reports, look_at_places

__all__ = ["Delivery", "addressees_of", "deliver_reports", "look_at_places"]
