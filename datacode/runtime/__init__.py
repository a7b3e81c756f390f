"""What compiled code can touch: values, operators, builtins, files, the interpreter."""
