"""The strategy group's scorecard."""
