"""Messages of the other threads: what was saved or recorded, and what could not be explained."""

from __future__ import annotations

from dataclasses import replace

from heatcam.enums import ComparedView
from heatcam.live.current_state import CurrentState
from heatcam.live.explain_request import ExplainRequest
from heatcam.live.inference import ExplainFailure
from heatcam.live.parts import SessionParts
from heatcam.live.presenter import Presenter
from heatcam.live.refinement import Refinement
from heatcam.live.run_stats import RunStats
from heatcam.live.state import WindowState
from heatcam.live.window_prompt import WindowPrompt


class Messages:
    """Shows what the other threads report, and takes back choices that failed. Called on the main thread.

    Args:
        parts: snapshots, recording and inference, which report.
        current: the choices in force.
        refinement: does not repeat a request that failed.
        presenter: shows the messages.
        stats: failures are added to it.
    """

    def __init__(
        self,
        parts: SessionParts,
        current: CurrentState,
        refinement: Refinement,
        presenter: Presenter,
        stats: RunStats,
    ) -> None:
        self._parts, self._current, self._refinement = parts, current, refinement
        self._presenter, self._stats = presenter, stats

    def drain(self) -> None:
        """Show all messages that have come.

        Raises:
            BaseException: inference has ended with it.
        """
        for text in (*self._parts.snapshots.news(), *self._parts.recording.news()):
            self._presenter.say(text)
        explain_failure = self._parts.inference.take_explain_failure()
        if explain_failure is not None:
            self._take_back(explain_failure)
        trying = self._parts.inference.trying
        fault = "" if trying is None else trying.take_fault()
        if fault:
            self._presenter.say(f"no map by trial: {fault}")
            self._stats.note_failure(f"no map by trial: {fault}")
        if self._parts.inference.failure is not None:
            raise self._parts.inference.failure

    def _take_back(self, failed: ExplainFailure) -> None:
        """Show why a request failed, and go back to the choices that worked, unless others are chosen by now."""
        self._presenter.say(failed.text)
        self._stats.note_failure(failed.text)
        if failed.request.still:
            self._refinement.refuse(failed.request)
        state, worked = self._current.state, failed.instead
        if _explained_as(state) == _explained_as(failed.request):
            method, layers, iou, classes, compared, prompt = _explained_as(worked)
            back = replace(state, method=method, layers=layers, iou=iou, classes=classes, prompt=prompt)
            if compared is not state.compared.explained:
                back = replace(back, compared=compared, focus=None)
            self._current.change(back)


def _explained_as(
    asked: WindowState | ExplainRequest,
) -> tuple[str, str, float, tuple[str, ...], ComparedView, WindowPrompt | None]:
    """Return what the explainer is chosen by."""
    return asked.method, asked.layers, asked.iou, asked.classes, asked.compared.explained, asked.prompt
