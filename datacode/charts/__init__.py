"""Charts: from a table to a description, and from that to text and pictures."""
