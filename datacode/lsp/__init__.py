"""DataCode in editors (extra ``lsp``): ``datacode-lsp`` speaks the Language Server Protocol."""
