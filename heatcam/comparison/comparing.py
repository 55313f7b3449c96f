"""Explanation of each frame by two models, and the maps that each has where only the other found something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from heatcam.comparison.compared import Answer, ComparedExplanation, along, compared
from heatcam.comparison.matching import matched, same_name
from heatcam.errors import HeatcamError, first_line
from heatcam.frames import AnchorGrid, Explains, Explanation, Frame, SaliencyMap
from heatcam.geometry import Uint8Array
from heatcam.runtime import run_both

Made = TypeVar("Made")


class AsksAnywhere(Explains, Protocol):
    """Explainer that can also be asked about a class at a place where it found nothing: ``saliency.Explainer``.

    Attributes:
        title: the model's display name.
        class_names: name of each class id.
    """

    title: str
    class_names: dict[int, str]

    def may_run_beside(self, other: Any) -> bool:
        """Return True if another explainer may explain in another thread meanwhile."""
        ...

    def maps_at(
        self, image: Uint8Array, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[SaliencyMap, ...]:
        """Map the evidence at given anchors for given classes."""
        ...

    def anchor_grid(self, image_wh: tuple[int, int]) -> AnchorGrid | None:
        """Return the anchors over a picture of this size; None for a network without anchors."""
        ...


def run_at_once(a: AsksAnywhere, b: AsksAnywhere) -> bool:
    """Return True if two explainers run at the same time, as both may."""
    return a.may_run_beside(b) and b.may_run_beside(a)


class Comparing:
    """Explains each frame with A and with B, and compares. Called from one thread.

    Both run at the same time, B in a thread of its own, where they may (``run_at_once``): torch leaves two cores idle often
    enough for both to take 1.3 times as long as one alone (YOLOv8n), not twice. In turn otherwise: a compiled network takes all
    cores by itself, so nothing is gained, and it limits torch's threads for the whole process while it runs
    (``Engine.exclusive_threads``), which two would do to each other.

    Args:
        a, b: the explainers. In turn they share a frame's input if they were told so (``saliency.share_inputs``); at the same
            time each needs its own.
    """

    def __init__(self, a: AsksAnywhere, b: AsksAnywhere) -> None:
        self._a, self._b = a, b
        self._at_once = run_at_once(a, b)

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = False,
        conf: float | None = None,
    ) -> ComparedExplanation:
        """Explain a frame twice and compare; each object has its own map whenever there are maps: see ``Explainer.explain``."""
        own = with_map or with_object_maps

        def explained(each: AsksAnywhere) -> Explanation:
            return each.explain(image, with_map=own, with_object_maps=own, conf=conf)

        a, b = self._both(lambda: explained(self._a), lambda: explained(self._b))
        matches = matched(a.detections, b.detections)
        by_a, by_b = (
            self._both(
                lambda: answers(self._b, self._a, b, matches.only_b),
                lambda: answers(self._a, self._b, a, matches.only_a),
            )
            if own
            else ((), ())
        )
        return along(compared(a, b, matches, by_b, by_a))

    def _both(self, by_a: Callable[[], Made], by_b: Callable[[], Made]) -> tuple[Made, Made]:
        """Return what A makes and what B makes."""
        return run_both(by_a, by_b) if self._at_once else (by_a(), by_b())


def answers(
    finder: AsksAnywhere, asked: AsksAnywhere, found: Explanation, indices: Sequence[int]
) -> tuple[Answer, ...]:
    """Ask one model for its maps of objects that only another one found, each at the other's anchor and for the same class.

    Where the two have other anchors, it is asked at the nearest one of cells of nearly the same size (``AnchorGrid.nearest``).

    Args:
        finder: the model that found the objects.
        asked: the model that did not.
        found: the finder's explanation.
        indices: the objects, in its detections.
    """
    if not indices:
        return ()
    size_wh = found.frame.size_wh
    there, here = finder.anchor_grid(size_wh), asked.anchor_grid(size_wh)
    for title, grid in ((asked.title, here), (finder.title, there)):
        if grid is None:
            return (Answer(None, f"{title} has no anchors to be asked at"),) * len(indices)
    assert here is not None and there is not None
    ids = {same_name(name): class_id for class_id, name in asked.class_names.items()}
    detections = found.detections
    wanted = [ids.get(same_name(detections.class_names[n])) for n in indices]
    known = {
        place: (here.nearest(there, int(detections.anchors[n])), class_id)
        for place, (n, class_id) in enumerate(zip(indices, wanted, strict=True))
        if class_id is not None
    }
    given = _asked_at(asked, found, tuple(known.values()))
    made = dict(zip(known, given, strict=True))
    unknown = [Answer(None, f"{asked.title} knows no class '{detections.class_names[n]}'") for n in indices]
    return tuple(made.get(place, unknown[place]) for place in range(len(indices)))


def _asked_at(
    asked: AsksAnywhere, found: Explanation, places: tuple[tuple[int, int], ...]
) -> tuple[Answer, ...]:
    """Return the answer at each anchor for its class; if they cannot be had together, one by one."""
    image = found.frame.image_bgr
    try:
        maps = asked.maps_at(image, [anchor for anchor, _ in places], [class_id for _, class_id in places])
    except (HeatcamError, RuntimeError, ValueError, ArithmeticError) as error:
        if len(places) == 1:
            return (Answer(None, f"{asked.title}: {first_line(error)}"),)
        return tuple(_asked_at(asked, found, (place,))[0] for place in places)
    return tuple(map(Answer, maps))
