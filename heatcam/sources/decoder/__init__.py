"""Decoder process: decodes videos with PyAV, and is the only part of the sources that imports it.

PyAV imported in the same process as cv2's window makes that hang for ever. So this package runs in a process of its own, which
``heatcam.sources.decoder_process`` starts and talks to.
"""
