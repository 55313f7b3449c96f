"""Captures that behave as badly as real cameras do."""

import threading
import time

import cv2
import numpy as np


class FakeCapture:
    """Gives numbered grey frames, every ``interval_s``; subclasses misbehave."""

    def __init__(self, size_wh=(64, 48), fps=30.0, interval_s=0.002, frames=None, opened=True):
        self.size_wh, self.fps, self.interval_s, self.frames, self.opened = (
            size_wh,
            fps,
            interval_s,
            frames,
            opened,
        )
        self.given = 0
        self.asked: list[tuple[int, float]] = []
        self.released = threading.Event()
        self.threads: set[str] = set()

    def isOpened(self):  # noqa: N802
        return self.opened

    def get(self, propId):  # noqa: N803
        known = {
            cv2.CAP_PROP_FPS: self.fps,
            cv2.CAP_PROP_FRAME_WIDTH: self.size_wh[0],
            cv2.CAP_PROP_FRAME_HEIGHT: self.size_wh[1],
            cv2.CAP_PROP_FRAME_COUNT: self.frames or 0,
        }
        return known.get(propId, 0.0)

    def set(self, propId, value):  # noqa: N803
        self.asked.append((propId, value))
        return True

    def read(self):
        self.threads.add(threading.current_thread().name)
        time.sleep(self.interval_s)
        if self.frames is not None and self.given >= self.frames:
            return False, None
        self.given += 1
        return True, np.full((self.size_wh[1], self.size_wh[0], 3), self.given % 256, np.uint8)

    def release(self):
        self.released.set()


class BlockedCapture(FakeCapture):
    """Stops answering after ``frames``, until ``unblock`` is set."""

    def __init__(self, **options):
        super().__init__(**options)
        self.unblock = threading.Event()

    def read(self):
        if self.given >= (self.frames or 0):
            self.unblock.wait()
            return False, None
        return super().read()


class DyingCapture(FakeCapture):
    """Its driver raises after ``frames``."""

    def read(self):
        if self.given >= self.frames:
            raise cv2.error("the driver is gone")
        return super().read()
