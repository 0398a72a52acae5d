"""The partnership's shared language, loaded from `sources/`: agencies, feeds, areas, periods, measures, breaks."""
