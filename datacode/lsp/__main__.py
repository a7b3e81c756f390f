"""``python -m datacode.lsp``: the language server on standard input and output."""

from datacode.lsp.server import main

main()
