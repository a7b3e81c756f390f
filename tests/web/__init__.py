"""The web client: the built page, and the page in a real browser."""
