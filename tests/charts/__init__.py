"""Charts: descriptions, pictures of characters, drawings."""
