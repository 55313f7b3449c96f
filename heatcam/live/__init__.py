"""The live window: capture, inference and display run apart, and the window answers whatever the others are doing."""
