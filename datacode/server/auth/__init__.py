"""Access: accounts, tokens, origins, counts."""
