"""What is wrong with this machine. Knows neither torch nor cv2: it reports when they cannot be imported."""
