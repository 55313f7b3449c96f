"""``heatcam missed``: why objects of a picture were not found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heatcam.commands.probing_checks import boxes_at, planned_picture, require_detector, within
from heatcam.commands.probing_options import PlacesChoice, ProbedOutput
from heatcam.commands.setup import model_at_hand, start_explainer
from heatcam.commands.tables import show_table
from heatcam.commands.terminal import Terminal
from heatcam.errors import UsageError
from heatcam.geometry import Uint8Array
from heatcam.models import MARKERS
from heatcam.options import class_ids_of
from heatcam.overlay import MOST_PLACES, draw_places
from heatcam.probing import (
    AskedPlace,
    PlaceAnswer,
    PlaceEvidence,
    Verdict,
    ask_places,
    evidence_of,
    place_row,
    remarks_on,
    score_words,
    verdict_words,
)
from heatcam.sinks import make_folder, write_picture
from heatcam.sources import LabelledBox, read_labels, read_picture

if TYPE_CHECKING:
    from heatcam.commands.options import ModelChoice
    from heatcam.frames import Candidates
    from heatcam.saliency import Explainer

HEADINGS = ("place", "class", "verdict", "confidence", "IoU", "for", "against", "note")


@dataclass(frozen=True)
class _Asked:
    """The picture and what is missed in it, read and checked before a model is loaded."""

    path: str
    image_bgr: Uint8Array
    boxes: tuple[LabelledBox, ...]
    target: Path

    @property
    def size_wh(self) -> tuple[int, int]:
        return self.image_bgr.shape[1], self.image_bgr.shape[0]


def run_missed(
    photo: str, choice: ModelChoice, places: PlacesChoice, output: ProbedOutput, terminal: Terminal
) -> int:
    """Say of each place why its object was not found, and draw what speaks for and against it.

    Args:
        photo: the picture's file.
        choice: the model and its thresholds.
        places: where something is missed; of labels those that were not found.
        output: the picture and the document.
        terminal: prints results and notes.

    Returns:
        0.

    Raises:
        HeatcamError: picture, labels, model or an output cannot be used; raised before torch is imported where possible.
    """
    asked = _read(photo, choice, places, output)
    choice = replace(choice, model=model_at_hand(choice.model, MARKERS, terminal))
    explainer = start_explainer(choice, terminal, asked.size_wh, 1)
    from heatcam.saliency import Prober  # noqa: PLC0415 (torch: loaded by now)

    known = _places(asked, places, explainer, terminal)
    prober = Prober(explainer)
    candidates = prober.candidates(asked.image_bgr)
    everywhere = ask_places(known, candidates, places.match_iou)
    answers = [each for each in everywhere if places.at or each.verdict is not Verdict.FOUND]
    evidence = evidence_of(answers, prober, asked.image_bgr)
    written = _draw(asked, answers, evidence, candidates, output, terminal)
    if output.json != "-":
        _show(answers, evidence, terminal)
        if places.labels is not None:
            terminal.result(f"{len(known) - len(answers)} of {len(known)} labels are found")
    if output.json:
        rows = [place_row(answer, own) for answer, own in zip(answers, evidence, strict=True)]
        head = _head(asked, explainer, written, places)
        if places.labels is not None:
            head["labels"] = {"count": len(known), "found": len(known) - len(answers)}
        terminal.document({**head, "missed": rows}, output.json)
    return 0


def _read(photo: str, choice: ModelChoice, places: PlacesChoice, output: ProbedOutput) -> _Asked:
    """Read picture and labels, and refuse what cannot be used.

    Raises:
        HeatcamError: so it is.
    """
    places.require_valid()
    require_detector(choice)
    target = planned_picture(photo, output, "missed")
    image = read_picture(Path(photo))
    size_wh = image.shape[1], image.shape[0]
    if places.labels is None:
        names = places.class_name * (len(places.at) if len(places.class_name) == 1 else 1)
        boxes = boxes_at(places.at, size_wh)
        found = tuple(LabelledBox(box, name) for box, name in zip(boxes, names, strict=True))
    else:
        labels = read_labels(places.labels, Path(photo), size_wh)
        found = tuple(
            replace(each, box_xyxy=within(each.box_xyxy, size_wh, f"a label of {places.labels}"))
            for each in labels
        )
    return _Asked(photo, image, found, target)


def _places(
    asked: _Asked, places: PlacesChoice, explainer: Explainer, terminal: Terminal
) -> list[AskedPlace]:
    """Return the places in the model's own classes; labels of other classes are left out with a note.

    Raises:
        UsageError: the model has no such class, or does not keep it.
    """
    names = explainer.class_names
    by_name = {name.strip().casefold(): class_id for class_id, name in names.items()}
    wanted = class_ids_of(places.class_name, names) if places.labels is not None else None
    found, unknown = [], set()
    for box in asked.boxes:
        class_id = _class_id(box, by_name, names) if places.labels is not None else _one_class(box, names)
        if class_id is None:
            unknown.add(box.class_name)
        elif wanted is None or class_id in wanted:
            found.append(AskedPlace(box.box_xyxy, class_id, names[class_id]))
    if unknown:
        terminal.note(f"labels left out, as the model has no such class: {', '.join(sorted(unknown))}")
    kept = explainer.thresholds.class_ids
    dropped = sorted({p.class_name for p in found if kept is not None and p.class_id not in kept})
    if dropped:
        raise UsageError(f"--classes leaves out {', '.join(dropped)}", "leave out --classes, or add it")
    return found


def _one_class(box: LabelledBox, names: dict[int, str]) -> int:
    """Return the class of ``--class``.

    Raises:
        UsageError: the model has no such class, or it names several.
    """
    ids = class_ids_of((box.class_name,), names)
    if ids is None or len(ids) > 1:
        raise UsageError(f"--class {box.class_name!r} is not one class", "give one for each --at")
    return ids[0]


def _class_id(box: LabelledBox, by_name: dict[str, int], names: dict[int, str]) -> int | None:
    """Return the class of a label; None where the model has none of that name.

    Raises:
        UsageError: the model has no class of that number.
    """
    if box.class_id is None:
        return by_name.get(box.class_name.strip().casefold())
    if box.class_id not in names:
        raise UsageError(
            f"a label has class {box.class_id}, and the model has {len(names)}",
            "give the labels of its own classes",
        )
    return box.class_id


def _draw(
    asked: _Asked,
    answers: list[PlaceAnswer],
    evidence: tuple[PlaceEvidence, ...],
    candidates: Candidates,
    output: ProbedOutput,
    terminal: Terminal,
) -> Path | None:
    """Write the picture; None where there is nothing to draw."""
    if not answers:
        terminal.note("nothing is missed: no picture is written")
        return None
    if len(answers) > MOST_PLACES:
        terminal.note(f"the first {MOST_PLACES} of {len(answers)} places are drawn")
    picture = draw_places(asked.image_bgr, answers, evidence, candidates)
    make_folder(asked.target.parent)
    write_picture(asked.target, picture, output.overwrite)
    if output.json != "-":
        terminal.result(f"{asked.path} -> {asked.target}")
    return asked.target


def _show(answers: list[PlaceAnswer], evidence: tuple[PlaceEvidence, ...], terminal: Terminal) -> None:
    """Print each verdict in a line, and a table of the numbers where there are several."""
    for n, (answer, own) in enumerate(zip(answers, evidence, strict=True), 1):
        name = f"#{n} " if len(answers) > 1 else ""
        terminal.result(f"{name}{verdict_words(answer)}")
        for remark in (*remarks_on(answer), *_evidence_words(own)):
            terminal.result(f"  {remark}")
    if len(answers) > 1:
        rows = [_row(n, *both) for n, both in enumerate(zip(answers, evidence, strict=True), 1)]
        show_table(terminal, HEADINGS[:-1], rows, HEADINGS[3:])


def _evidence_words(evidence: PlaceEvidence) -> tuple[str, ...]:
    if evidence.own is None:
        return (f"no map: {evidence.reason}",)
    own = evidence.own
    low = "; low evidence, no more than with a shuffled head" if own.low else ""
    return (
        f"evidence in {own.saliency.unit}: {own.speaks_for:.2f} for, {own.speaks_against:.2f} against{low}",
    )


def _row(n: int, answer: PlaceAnswer, evidence: PlaceEvidence) -> list[object]:
    own, best = evidence.own, answer.candidate
    sums = (None, None) if own is None else (f"{own.speaks_for:.2f}", f"{own.speaks_against:.2f}")
    return [
        *(f"#{n}", answer.place.class_name, answer.verdict.value),
        *(score_words(best.confidence), f"{best.iou:.2f}", *sums),
    ]


def _head(asked: _Asked, explainer: Explainer, written: Path | None, places: PlacesChoice) -> dict[str, Any]:
    """Return what the document says of picture, model and thresholds."""
    facts = explainer.facts()
    return {
        "image": {
            "path": asked.path,
            "size_wh": list(asked.size_wh),
            "output": None if written is None else str(written),
        },
        "model": {"name": facts.model, "sha256": facts.sha256, "task": facts.task},
        "layers": list(facts.layers),
        "thresholds": {
            "conf": facts.conf,
            "iou": facts.iou,
            "max_det": facts.max_det,
            "match_iou": places.match_iou,
        },
    }
