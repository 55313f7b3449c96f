"""What the main process knows of recordings: their names, leftovers, codecs and rates. The encoder's own process reads it too."""
