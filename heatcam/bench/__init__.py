"""The bench: heatcam beside other ways to explain the same picture, measured in one run under the same conditions."""
