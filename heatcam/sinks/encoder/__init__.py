"""Encoder process: owns a recording's file, and is the only part of the sinks that imports PyAV.

PyAV imported in the same process as cv2's window makes that hang for ever, and frames that were handed over must survive the main
process. So this package runs in a process of its own, which ``heatcam.sinks.recording`` starts and talks to.
"""
