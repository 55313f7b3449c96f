"""The frame that stands still, explained once more in detail."""

from __future__ import annotations

from dataclasses import replace

from heatcam.choices import Layout
from heatcam.live.inference import Inference
from heatcam.live.objects import numbers_again, with_tracks
from heatcam.live.past import Moment, Past
from heatcam.live.state import WindowState
from heatcam.live.wants import Wants


class Refinement:
    """Asks for the fine maps of what is looked at, and puts them in its place. Called from the thread that shows.

    Args:
        inference: makes them.
        past: what is looked at.
        stays: whether frames do not go on from one another: each then has a map of its own.
    """

    def __init__(self, inference: Inference, past: Past, *, stays: bool) -> None:
        self._inference, self._past, self._stays = inference, past, stays
        self._refused: set[Wants] = set()

    def flowing_wants(self, state: WindowState) -> Wants:
        """How frames that follow one another are to be explained."""
        heat = state.heatmap or state.layout is not Layout.SINGLE
        own = heat and (state.focus is not None or state.numbers or state.graphs)
        every = 1 if self._stays else state.every
        return Wants(heat, own, state.conf, state.method, state.layers, every=every)

    def still_wants(self, state: WindowState) -> Wants:
        """How a frame that stands still is to be explained."""
        wants = self.flowing_wants(state)
        return replace(wants, with_object_maps=wants.with_map, still=True, every=1)

    def refuse(self, wants: Wants) -> None:
        """Do not ask for this again."""
        self._refused.add(wants)

    def ask(self, state: WindowState) -> None:
        """Ask for the fine maps of the frame that stands still, unless it has them or shows none."""
        moment, wants = self._past.now, self.still_wants(state)
        if moment is None:
            return
        wanted = wants != moment.wants and (wants.with_map or wants.conf != moment.wants.conf)
        if wanted and wants not in self._refused:
            self._inference.look_again(moment.explanation.frame, wants)
        else:
            self._inference.forget_look()

    def take(self, state: WindowState) -> Moment | None:
        """The frame that is looked at with its fine maps, put in its place; None when none have come.

        What was asked for before keys have changed it is left: another look is under way.
        """
        shown, moment = self._inference.second_looks.take(0), self._past.now
        if shown is None or moment is None or shown.explanation.frame is not moment.explanation.frame:
            return None
        if shown.wants != self.still_wants(state):
            return None
        again, before = shown.explanation, moment.explanation.detections
        numbers = numbers_again(before, moment.numbers, again.detections)
        if before.track_ids is not None:
            again = with_tracks(again, numbers)
        refined = Moment(again, numbers, shown.wants)
        self._past.replace_now(refined)
        return refined
