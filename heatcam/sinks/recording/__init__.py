"""What the main process knows of recordings: names, recovery, codecs and rates. The encoder's own process reads it too."""
