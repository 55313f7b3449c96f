"""Tests of questions about places: verdicts, covers, words and rows."""
