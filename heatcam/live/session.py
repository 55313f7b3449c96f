"""The window's loop, on the main thread: show what is ready, answer what was asked, wait for nothing.

Capture and inference run in threads of their own; this one only ever waits for keys, a few milliseconds at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from heatcam.choices import Layout
from heatcam.errors import HeatcamError
from heatcam.frames import Explanation
from heatcam.live.inference import Complaint, Shown
from heatcam.live.numbers import Numbers
from heatcam.live.objects import Objects, numbers_again, object_at, with_tracks
from heatcam.live.pace import Pace
from heatcam.live.parts import Parts, Plan
from heatcam.live.past import Moment, Past
from heatcam.live.screen import Screen
from heatcam.live.state import Choices, WindowState, changed, said
from heatcam.live.wants import Wants
from heatcam.sinks.keys import Action
from heatcam.sinks.viewer import Click, Event, Hover

POLL_MS = 5  # how long a look for keys takes when nothing is due: frames that come meanwhile wait no longer
LOST_S = 1.0  # that an object in focus may go unseen


class Session:
    """Shows one source until it, the limits or the user end it. Called on the main thread.

    Args:
        parts: what it is made of; the threads are started by ``run``, and stopped when it is left.
        state: what is chosen at first.
        choices: what there is to choose from.
        plan: how the run goes.
        clock: seconds that only move forward; that of ``Frame.captured_at_s``.
    """

    def __init__(
        self,
        parts: Parts,
        state: WindowState,
        choices: Choices,
        plan: Plan,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.parts = parts
        self.state = state
        self.numbers = Numbers()
        #: What there is to say on the terminal when the window is gone.
        self.last_words: list[str] = []
        #: Width and height of the window when it was left; None when it was never open.
        self.window_wh: tuple[int, int] | None = None
        self._capture, self._inference, self._viewer = parts.capture, parts.inference, parts.viewer
        self._choices, self._plan, self._clock = choices, plan, clock
        self._screen = Screen(
            parts.viewer,
            parts.painting,
            parts.recording,
            parts.capture,
            parts.inference,
            plan.caption,
            self.numbers,
            clock,
        )
        self._past, self._objects, self._pace = Past(), Objects(), Pace()
        self._ended = self._over = False
        self._interrupted = False
        self._steps = 0
        self._focus_seen_s = 0.0
        self._refused: set[Wants] = set()

    @property
    def saw_the_end(self) -> bool:
        """Whether all that the source gave was shown."""
        return self._ended

    @property
    def dropped(self) -> int:
        """Frames that nobody saw because something was slow."""
        return self._capture.dropped + self._inference.results.dropped

    def interrupt(self) -> None:
        """End it: for Ctrl-C, from whatever is going on."""
        self._interrupted = self._over = True

    @property
    def interrupted(self) -> bool:
        """Whether it was ended so."""
        return self._interrupted

    def run(self) -> None:
        """Everything, until it ends.

        Raises:
            HeatcamError: the source or the model failed; what was recorded and saved is finished first.
        """
        self._viewer.set_full_screen(self.state.full_screen)
        self._inference.wants = self._flowing_wants()
        self._capture.start()
        self._inference.start()
        try:
            while not self._over:
                self._turn()
            if self._screen.has_new_frame:  # the last one
                self._draw()
        except HeatcamError as error:
            self.numbers.complain(str(error))
            raise
        finally:
            self._close()

    def _turn(self) -> None:
        self._take_next()
        self._take_second_look()
        self._hear()
        if self._screen.is_due:
            self._draw()
        for event in self._events():
            self._answer(event)

    def _draw(self) -> None:
        if self._past.now is not None:
            self._screen.draw(self._past.now, self.state, held=self._is_held())

    def _close(self) -> None:
        """Leave nothing behind: a recording first, which matters most."""
        self._inference.ask_to_stop()
        self.window_wh = self._viewer.size_wh()
        self.last_words += self.parts.recording.close()
        self._capture.stop()
        self._inference.stop()
        self.last_words += self.parts.snapshots.close()
        if self.parts.recording.failed:
            self.numbers.complain(self.last_words[0] if self.last_words else "a recording failed")

    # What comes from the other threads.

    def _take_next(self) -> None:
        """Show the next explanation when it is due."""
        waiting = self._inference.results.peek()
        if waiting is None:
            if self._inference.results.exhausted and not self._ended:
                self._end_of_source()
            return
        if not self._steps and (self._is_held() or not self._is_due(waiting)):
            return
        shown = self._inference.results.take(0)
        if shown is not None:
            self._steps = max(0, self._steps - 1)
            self._show(shown)

    def _is_due(self, shown: Shown) -> bool:
        """Whether it is time: at once for what is live, at its own time for a file's."""
        now_s = self._clock()
        return self._capture.drops or self._pace.due_s(shown.explanation.frame.pts_s, now_s) <= now_s

    def _show(self, shown: Shown) -> None:
        explanation, before = shown.explanation, self._past.now
        numbers = self._objects.numbers_of(explanation)
        self._past.add(Moment(explanation, numbers, shown.wants))
        self._follow_from(before, explanation, numbers)
        self.parts.painting.take(explanation, self.state)
        self._screen.new_frame()
        self.numbers.count_frame(time.perf_counter())
        self.numbers.complain(explanation.map_error)
        self._keep_focus()
        if self._is_held():
            self._look_again()

    def _follow_from(self, before: Moment | None, explanation: Explanation, numbers: tuple[int, ...]) -> None:
        """An object that only a second look has found gets the number that the stream gives it."""
        if before is None or self.state.focus is None or self.state.focus >= 0:
            return
        found = numbers_again(explanation.detections, numbers, before.explanation.detections)
        if self.state.focus in before.numbers:
            now = found[before.numbers.index(self.state.focus)]
            self.state = replace(self.state, focus=now if now >= 0 else None)

    def _keep_focus(self) -> None:
        """The focus stays with an object that is not seen for a moment, and leaves one that is gone."""
        moment, now_s = self._past.now, self._clock()
        if self.state.focus is None or moment is None or self.state.focus in moment.numbers:
            self._focus_seen_s = now_s
        elif now_s - self._focus_seen_s > LOST_S:
            self._change(replace(self.state, focus=None))
            self._screen.say("the object is gone: all again")

    def _take_second_look(self) -> None:
        """Put the fine maps of the frame that stands still in the place of its first ones."""
        shown, moment = self._inference.second_looks.take(0), self._past.now
        if shown is None or moment is None or shown.explanation.frame is not moment.explanation.frame:
            return
        if (
            shown.wants != self._still_wants()
        ):  # keys have changed it meanwhile, and another look is under way
            return
        again, before = shown.explanation, moment.explanation.detections
        numbers = numbers_again(before, moment.numbers, again.detections)
        if before.track_ids is not None:
            again = with_tracks(again, numbers)
        self._past.replace_now(Moment(again, numbers, shown.wants))
        self.parts.painting.look_again(again)
        self.numbers.complain(again.map_error)
        self._screen.change()

    def _end_of_source(self) -> None:
        """Nothing more comes: raise what ended it, or let the last frame stand."""
        self._ended = True
        if self._capture.failure is not None:
            raise self._capture.failure
        if not (self._plan.stays or self.state.paused) or self._past.now is None:
            self._over = True
        else:
            self._look_again()

    def _hear(self) -> None:
        """What the other threads have to say."""
        for text in (*self.parts.snapshots.news(), *self.parts.recording.news()):
            self._screen.say(text)
        complaint = self._inference.take_complaint()
        if complaint is not None:
            self._refuse(complaint)
        if self._inference.failure is not None:
            raise self._inference.failure

    def _refuse(self, complaint: Complaint) -> None:
        """Say what cannot be had, and go back to what can, unless something else is wanted by now."""
        self._screen.say(complaint.text)
        self.numbers.complain(complaint.text)
        wants, start = complaint.wants, self._choices.start
        if wants.still:
            self._refused.add(wants)
        if (self.state.method, self.state.layers) == (wants.method, wants.layers):
            self._change(replace(self.state, method=start.method, layers=start.layers))

    # What is wanted of inference.

    def _is_held(self) -> bool:
        return self.state.paused or self._ended

    def _flowing_wants(self) -> Wants:
        state = self.state
        heat = state.heatmap or state.layout is not Layout.SINGLE
        own = heat and (state.focus is not None or state.numbers or state.graphs)
        every = 1 if self._plan.stays else state.every  # photographs do not go on from one another
        return Wants(heat, own, state.conf, state.method, state.layers, every=every)

    def _still_wants(self) -> Wants:
        wants = self._flowing_wants()
        return replace(wants, with_object_maps=wants.with_map, still=True, every=1)

    def _look_again(self) -> None:
        """Ask for the fine maps of the frame that stands still, unless it has them or shows none."""
        moment, wants = self._past.now, self._still_wants()
        if moment is None or self._steps:
            return
        wanted = wants != moment.wants and (wants.with_map or wants.conf != moment.wants.conf)
        if wanted and wants not in self._refused:
            self._inference.look_again(moment.explanation.frame, wants)
        else:
            self._inference.forget_look()

    def _change(self, state: WindowState) -> None:
        """Put another state into force, here and in the other threads."""
        before, self.state = self.state, state
        self._inference.wants = self._flowing_wants()
        self._screen.change()
        if before.paused != state.paused:
            self._pause(state.paused)
        if before.full_screen != state.full_screen:
            self._viewer.set_full_screen(state.full_screen)
        if self._is_held():
            self._look_again()

    def _pause(self, paused: bool) -> None:
        if self._capture.drops and not paused:
            self._inference.results.take(0)  # what came while the picture stood still is old
        self._inference.pause(paused)
        self._capture.pause(paused)
        self._inference.results.counts = not paused
        self._steps = 0
        self._pace.forget()
        self.numbers.pause()
        self._focus_seen_s = self._clock()
        self._past.to_newest()
        if not paused and self._ended and not self._plan.stays:
            self._over = True

    # Keys and mouse.

    def _events(self) -> list[Event]:
        if not self._viewer.is_open:
            time.sleep(POLL_MS / 1e3)
        limits, taken = self._plan.limits, self.numbers.frames_taken
        if taken and limits.reached(taken, self.numbers.elapsed_s):
            self._over = True
        return self._viewer.poll(1 if self._screen.is_due else POLL_MS)

    def _answer(self, event: Event) -> None:
        if isinstance(event, Hover):
            self._hover(event)
            return
        self._screen.asked()
        if isinstance(event, Click):
            self._click(event)
            return
        self.numbers.actions[event] += 1
        if event is Action.QUIT:
            self._over = True
        elif event is Action.SAVE_SNAPSHOT:
            self._save()
        elif event is Action.TOGGLE_RECORDING:
            self._toggle_recording()
        else:
            self._press(event)

    def _press(self, action: Action) -> None:
        """A key that changes the view or the place in the stream."""
        moment, before = self._past.now, self.state
        self._change(changed(before, action, self._choices, moment.numbers if moment else ()))
        self._screen.say(said(before, self.state))
        if action is Action.STEP_FORWARD:
            self._step_forward()
        elif action is Action.STEP_BACK:
            self._step_back()

    def _step_forward(self) -> None:
        if self._past.step(1):
            self._look_again()
        elif self._ended:
            self._screen.say("this is the last frame")
        else:
            self._steps += 1
            self._inference.step()

    def _step_back(self) -> None:
        if self._steps:  # one that was asked for and has not come yet
            self._steps -= 1
            self._inference.step_less()
        elif self._past.step(-1):
            self._look_again()
        else:
            self._screen.say("no earlier frame is kept")

    def _click(self, click: Click) -> None:
        """A box gets the focus; elsewhere all have it."""
        shown = self._screen.shown
        if shown is not None:
            found, numbers = shown.moment.explanation.detections, shown.moment.numbers
            place = object_at(found, *shown.view.to_frame(click.x, click.y))
            self._change(replace(self.state, focus=None if place is None else numbers[place]))

    def _hover(self, hover: Hover) -> None:
        shown = self._screen.shown
        if self.state.layout is Layout.WIPE and shown is not None:
            split = min(1.0, max(0.0, hover.x / shown.view.picture.shape[1]))
            self.state = replace(self.state, split=split)
            self._screen.change()

    def _save(self) -> None:
        shown = self._screen.shown
        if shown is not None:
            self.parts.snapshots.save(shown.view.picture, shown.moment.explanation, shown.state)

    def _toggle_recording(self) -> None:
        if self.parts.recording.seconds is not None:
            self._screen.say(self.parts.recording.stop())
        elif self._screen.shown is not None:
            self._screen.say(self.parts.recording.start(self._screen.shown.view.picture))
