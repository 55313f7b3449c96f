"""Evaluation of heatmaps: measures of how far they can be trusted."""
