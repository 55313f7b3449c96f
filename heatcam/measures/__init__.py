"""Numbers about maps and boxes: evidence, scales, history, matching. NumPy and OpenCV only; maps are read as they were made."""
