"""The command line: arguments, one call, output. Only here do errors become exit codes."""
