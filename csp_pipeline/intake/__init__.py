"""Pull, land, read, validate: from a partner's files to records and rejects in the lake. Knows no agency."""
