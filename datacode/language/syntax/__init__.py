"""Text in, tree out: source, tokens, productions, the parser, and what the grammar cannot say."""
