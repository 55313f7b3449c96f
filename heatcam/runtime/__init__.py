"""The process and the machine it runs on: signals, environment variables, folders, the processor, remembered numbers."""
