"""Pictures that several threads explain at the same time, run in one batch as far as they need no gradient.

On a GPU most of a picture's time below the cut is spent on starting kernels, which a batch starts once for all. Above the
cut each picture has a graph of its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import torch
from torch import Tensor

#: The cut's activation and the laterals of pictures ``(B, channels, H, W)``, each ``(B, C, h, w)``.
Below = tuple[Tensor, tuple[Tensor, ...]]
_WAIT_S = 0.005  # a fraction of the time that a picture takes above the cut, where its thread comes from


class Gatherer:
    """Runs a function of a batch for callers in several threads, each with one picture: see ``TappedNetwork.below``.

    The first caller waits a little for the others and then runs those of its own size with them. All callers have the same
    precision.

    Args:
        below: the function, called without a graph.
        most: number of threads that may come; a batch of so many does not wait.
    """

    def __init__(self, below: Callable[[Tensor], Below], most: int) -> None:
        self._below, self._most = below, most
        self._lock, self._complete = threading.Lock(), threading.Event()
        self._waiting: list[tuple[Tensor, Future[Below]]] = []

    def __call__(self, picture: Tensor) -> Below:
        """Return the tensors of one picture ``(1, channels, H, W)``; errors are raised in every thread of the batch."""
        own: Future[Below] = Future()
        with self._lock:
            leads = not self._waiting
            if leads:
                self._complete.clear()
            self._waiting.append((picture, own))
            if len(self._waiting) >= self._most:
                self._complete.set()
        if leads:
            self._complete.wait(_WAIT_S)
            with self._lock:
                together, self._waiting = self._waiting, []
            for size in dict.fromkeys(one.shape for one, _ in together):
                self._run([(one, future) for one, future in together if one.shape == size])
        return own.result()

    def _run(self, together: Sequence[tuple[Tensor, Future[Below]]]) -> None:
        """Run pictures of one size, and give each caller its part."""
        try:
            leaf, laterals = self._below(torch.cat([one for one, _ in together]))
        except BaseException as error:  # noqa: BLE001 (the callers raise it)
            for _, future in together:
                future.set_exception(error)
            return
        for n, (_, future) in enumerate(together):
            future.set_result((leaf[n : n + 1], tuple(lateral[n : n + 1] for lateral in laterals)))
