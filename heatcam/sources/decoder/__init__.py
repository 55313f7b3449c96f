"""The process that decodes films with PyAV, the only place among the sources that knows it: nothing outside imports this room.

PyAV imported beside cv2's window makes that hang for ever. So this room runs in a process of its own, which
``heatcam.sources.decoder_process`` starts and talks to.
"""
