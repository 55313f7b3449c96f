"""Sinks for pictures: the window, picture files, recordings. Sinks know nothing of models or torch."""
