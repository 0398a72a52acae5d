"""Records to figures: counting them, taking published numbers, and knowing which part of a period is covered."""
