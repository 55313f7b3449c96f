"""The command line: options, help and exit codes."""
