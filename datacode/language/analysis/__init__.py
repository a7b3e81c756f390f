"""What is known of a program before it runs: scopes, types, loops, the environment of its code."""
