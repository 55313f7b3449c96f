"""Checks of this machine. Imports neither torch nor cv2: it reports when they cannot be imported."""
