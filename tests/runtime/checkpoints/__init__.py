"""Files with the state of a session, one of each version of the format."""
