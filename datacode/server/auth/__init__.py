"""Who may come in: accounts, tokens, origins, counts."""
