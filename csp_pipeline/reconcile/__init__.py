"""Figures side by side: how far two may be compared, whether they agree, and what people have to settle."""
