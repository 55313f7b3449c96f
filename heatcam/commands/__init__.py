"""What each command does, put together from the rooms; ``cli`` only reads options and sets exit codes."""
