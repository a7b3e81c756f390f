"""The messages of the protocol: JSON to requests, answers to JSON, and their schema."""
