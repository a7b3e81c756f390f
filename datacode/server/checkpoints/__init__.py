"""The states of sessions outside their processes: where they are kept, how much there may be."""
