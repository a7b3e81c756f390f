"""Text in, code object out: lexer, grammar, nodes, checks, scopes, compiler."""
