"""The commands, put together from the other packages; ``cli`` only reads options and sets exit codes."""
