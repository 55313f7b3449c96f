"""Recordings as the main process handles them: names, recovery, codecs and rates. The encoder's process imports it too."""
