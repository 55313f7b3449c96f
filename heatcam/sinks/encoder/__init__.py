"""The process that owns a recording's file, and the only place that knows PyAV: nothing outside of this room imports it.

PyAV imported beside cv2's window makes that hang for ever, and what was handed over must survive the main process. So this room
runs in a process of its own, which ``heatcam.sinks.recording`` starts and talks to.
"""
