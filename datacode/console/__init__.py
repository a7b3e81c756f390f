"""DataCode at a terminal: running files, the prompt, and errors with the line they are about."""
