"""The bench: heatcam beside what others do for the same picture, measured in one run under the same conditions."""
