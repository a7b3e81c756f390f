"""What an operator sets: files, environment, command line, and what is said of mistakes."""
