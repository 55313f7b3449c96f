"""Live window: capture, inference and display run in separate threads, so the window answers whatever the others are doing."""
