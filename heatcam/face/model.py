"""Model for users: explains pictures in any form, many of them, and streams."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from heatcam.enums import TrackerName
from heatcam.errors import HeatcamError, UsageError
from heatcam.face.explanation import Explanation, with_facts
from heatcam.face.inputs import ImageLike, frame_of
from heatcam.face.tiles import TiledExplanation, TileRequest, explain_tiles
from heatcam.frames import ExplainerFacts, Explains, Frame, SaliencyMap
from heatcam.models import bytes_of_class_vectors
from heatcam.overlay import named_look
from heatcam.runtime import map_ahead, prefetch
from heatcam.sinks import refuse_existing, write_whole
from heatcam.sources import Source, find_pictures, open_source
from heatcam.text import did_you_mean, printable
from heatcam.tiling import USUAL_OVERLAP
from heatcam.tracking import tracked, tracker_of

if TYPE_CHECKING:
    from heatcam.saliency import Explainer

_DECODERS, _PICTURES_AHEAD = 2, 4
_FRAMES_AHEAD = 4
OnError = Literal["raise", "skip"]


class Model:
    """A detector or classifier that explains what it sees: ``heatcam.load`` makes it. Called from one thread.

    Attributes:
        explainer: what makes boxes and maps, for those who want its engine, thresholds or calibration.

    >>> import heatcam
    >>> model = heatcam.load("markers", device="cpu")
    >>> model
    <Model markers: detect, 5 classes, live map of 13:C3k2+16:C3k2, torch fp32 on cpu, 320 px>
    >>> explanation = next(model.stream("demo"))
    >>> explanation.save("demo.png", "original")
    >>> for explanation in model.explain_many(["demo.png", "missing.png"], on_error="skip"):
    ...     print(explanation.frame.size_wh)
    (1280, 720)
    """

    def __init__(self, explainer: Explainer) -> None:
        self.explainer = explainer

    def explain(
        self, image: ImageLike, *, with_object_maps: bool = True, conf: float | None = None
    ) -> Explanation:
        """Detect the objects of one picture and map the evidence for them, as ``heatcam snapshot`` does.

        When the map fails, the detections are still returned, with the reason in ``map_error``.

        Args:
            image: a path; NumPy uint8 or uint16 ``(H, W, 3)`` in BGR order, ``(H, W)``, or uint8 ``(H, W, 4)`` BGRA; of models
                that read other channels uint8, uint16 or float32 ``(H, W, C)`` in their order; a Pillow image; a torch
                tensor ``(C, H, W)`` or ``(1, C, H, W)`` in RGB order, uint8 or float in ``[0, 1]``; or a frame of a source. Files
                and Pillow images are turned as their EXIF says; what is transparent lies on white. Its pixels are copied.
            with_object_maps: also make one map for each object, from which its numbers come. False saves the time: a few
                milliseconds an object.
            conf: keep boxes above this confidence; None takes that of ``load``.

        Raises:
            UsageError: the picture has none of these forms, or ``conf`` is outside ``[0, 1]``.
            UnreadableInputError: the file is missing or damaged.
        """
        _require_conf(conf)
        return self._explained(
            self.explainer, frame_of(image, channels=self._channels), with_object_maps, conf
        )

    def explain_many(
        self,
        images: Iterable[ImageLike] | str | os.PathLike[str],
        *,
        with_object_maps: bool = True,
        conf: float | None = None,
        on_error: OnError = "raise",
    ) -> Generator[Explanation, None, None]:
        """Explain pictures one by one, in order, as they are asked for; the next files are decoded meanwhile.

        Args:
            images: pictures in any form that ``explain`` takes, which are never all in memory; or the name of a folder or glob,
                as ``photos/`` or ``photos/**/*.jpg``. ``frame.frame_index`` is a picture's place in it, from 0.
            with_object_maps: see ``explain``.
            conf: see ``explain``.
            on_error: ``raise`` ends with the error of a picture that cannot be read, at its place; ``skip`` leaves it out with
                a warning.

        Raises:
            UsageError: an option or a picture is none of those above.
            UnreadableInputError: a file is missing or damaged.
        """
        _require_conf(conf)
        _require_word(on_error, ("raise", "skip"), "on_error")
        listed = find_pictures([os.fspath(images)]).paths if isinstance(images, str | os.PathLike) else images
        return self._each(listed, with_object_maps, conf, on_error)

    def explain_tiles(  # noqa: PLR0913 (options by name)
        self,
        path: str | os.PathLike[str],
        output: str | os.PathLike[str] | None = None,
        *,
        tile: int = 640,
        overlap: float = USUAL_OVERLAP,
        whole: bool = True,
        conf: float | None = None,
        renorm: str = "box",
        colormap: str = "turbo",
        overwrite: bool = False,
        on_tile: Callable[[int, int], None] | None = None,
    ) -> TiledExplanation:
        """Explain one large picture tile by tile, in flat memory, as ``heatcam snapshot --tiles`` does.

        Boxes of neighbouring tiles are merged. A picture that fits one tile gives what ``explain`` gives. It needs
        ``heatcam[large]``.

        Args:
            path: a TIFF, of which only the rows in question are read, or another picture that fits into memory.
            output: a file ending in ``.tif`` for the picture with its heat, boxes and labels, a tiled pyramid; None writes none.
            tile: side of a tile, in pixels.
            overlap: share of a tile's side that neighbours have in common, in ``[0, 0.9)``.
            whole: also look for what takes much of a tile in the whole picture, shrunk.
            conf: see ``explain``.
            renorm: scope of the heat's scale in ``output``: each ``box``, the whole picture (``frame``), or ``fixed``.
            colormap: ``turbo``, ``inferno``, ``viridis``, ``magma`` or ``jet``.
            overwrite: replace an existing file.
            on_tile: called after each tile with the number of tiles that are done and that of all.

        Raises:
            UsageError: an option makes no sense, ``output`` exists, the model is a classifier, or the extra is missing.
            UnreadableInputError: the picture is missing or damaged, or cannot be read by regions and is too large otherwise.
            SinkError: ``output`` cannot be written.
        """
        _require_conf(conf)
        look = named_look(colormap, renorm, 0.7, True, True)
        request = TileRequest(tile, overlap, whole, conf)
        return explain_tiles(
            self.explainer,
            Path(path),
            None if output is None else Path(output),
            request,
            look,
            overwrite,
            on_tile,
        )

    def stream(
        self,
        source: str | os.PathLike[str] | int,
        *,
        with_object_maps: bool = False,
        conf: float | None = None,
        track: str = "off",
    ) -> Generator[Explanation, None, None]:
        """Explain every frame of a source, in order, as ``heatcam record`` does; of a camera the newest.

        The source is opened with the first frame and released when the iterator ends or is closed, as it is when a loop that is
        left lets go of it.

        Args:
            source: what ``open_source`` takes, as ``clip.mp4``, ``rtsp://...``, ``demo``, or a camera's index.
            with_object_maps: also make one map for each object; off, because a stream has to be fast.
            conf: keep boxes above this confidence; None takes that of ``load``.
            track: ``bytetrack`` or ``botsort`` number objects over frames, as ``detections.track_ids``.

        Raises:
            UnreadableInputError: a file is missing or is neither a picture nor a video.
            UsageError: a source, a tracker or ``conf`` that there is not.
            SourceError: the source cannot be opened, or was lost for good.
        """
        _require_conf(conf)
        _require_word(track, [name.value for name in TrackerName], "track")
        follows = tracked(self.explainer, tracker_of(TrackerName(track)))
        opened = open_source(os.fspath(source) if not isinstance(source, int) else str(source))
        opened = opened.for_channels(self._channels)
        return self._frames(opened, follows, with_object_maps, conf)

    @property
    def _channels(self) -> int:
        """Number of channels of the pictures that the network reads."""
        return self.explainer.facts().channels

    def maps_at(
        self, image: ImageLike, anchors: Sequence[int], class_ids: Sequence[int]
    ) -> tuple[SaliencyMap, ...]:
        """Map the evidence at given anchors for given classes, whether they are detected or not.

        Use it to ask the same of a changed picture, or of another model with the same head.

        Args:
            image: see ``explain``.
            anchors: indices of the head's anchor points, as ``Detections.anchors`` has them.
            class_ids: the class that is explained at each anchor.

        Raises:
            UsageError: the network has no anchors, or the picture has no known form.
            MapError: one of them has no evidence at the tapped layers, or the method failed.
        """
        return self.explainer.maps_at(frame_of(image, channels=self._channels).pixels, anchors, class_ids)

    def save_prompt(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the classes that the model was prompted with, their vectors, to a file that ``prompt`` of ``load`` takes.

        Args:
            path: ends in ``.npz``, which ``YOLOE.load_prompt_embeddings`` of ultralytics reads too, or in ``.safetensors``.
            overwrite: replace an existing file.

        Raises:
            UsageError: the model was not prompted, the suffix is another, or the file exists.
            SinkError: it cannot be written.
        """
        target, vectors = Path(path), self.explainer.class_vectors
        if vectors is None:
            raise UsageError("the model was not prompted", 'heatcam.load(..., prompt=["person"])')
        content = bytes_of_class_vectors(vectors, target.suffix)
        refuse_existing([target], overwrite, "choose another name or pass overwrite=True")
        write_whole(target, content)

    def facts(self) -> ExplainerFacts:
        """Return model, method, layers, target, thresholds, and what runs them."""
        return self.explainer.facts()

    @property
    def class_names(self) -> dict[int, str]:
        """Name of each class id; a copy."""
        return dict(self.explainer.class_names)

    def __repr__(self) -> str:
        facts, classes = self.facts(), len(self.explainer.class_names)
        words = (
            f"<Model {facts.model}: {facts.task}, {classes} classes, {facts.method} map of {'+'.join(facts.layers)}, "
            f"{facts.backend} {facts.precision} on {facts.device}, {facts.imgsz} px>"
        )
        return printable(words)

    def _explained(
        self, explainer: Explains, frame: Frame, with_object_maps: bool, conf: float | None
    ) -> Explanation:
        found = explainer.explain(frame, with_object_maps=with_object_maps, conf=conf)
        facts = self.facts()
        return with_facts(found, facts if conf is None else replace(facts, conf=conf))

    def _each(
        self, images: Iterable[ImageLike], with_object_maps: bool, conf: float | None, on_error: OnError
    ) -> Generator[Explanation, None, None]:
        read_one = partial(_read, channels=self._channels)
        with closing(map_ahead(read_one, enumerate(images), _DECODERS, _PICTURES_AHEAD)) as read:
            for frame in read:
                if not isinstance(frame, HeatcamError):
                    yield self._explained(self.explainer, frame, with_object_maps, conf)
                elif on_error == "skip":
                    warnings.warn(f"skipped: {frame}", stacklevel=2)
                else:
                    raise frame

    def _frames(
        self, source: Source, explainer: Explains, with_object_maps: bool, conf: float | None
    ) -> Generator[Explanation, None, None]:
        """Explain a source's frames; files are decoded ahead in a thread, cameras have one of their own."""
        with source:
            frames: Iterator[Frame] = iter(source) if source.is_live else prefetch(source, _FRAMES_AHEAD)
            try:
                for frame in frames:
                    yield self._explained(explainer, frame, with_object_maps, conf)
            finally:
                source.close()  # so that the thread, which may wait for a frame, comes to its end
                if isinstance(frames, Generator):
                    frames.close()


def _read(numbered: tuple[int, ImageLike], channels: int) -> Frame | HeatcamError:
    """Read one picture under its number; return the error of one that cannot be read, which is raised at its place."""
    number, image = numbered
    try:
        return frame_of(image, number, channels)
    except HeatcamError as error:
        return error


def _require_conf(conf: float | None) -> None:
    if conf is not None and not 0 <= conf <= 1:
        raise UsageError(f"conf is {conf}", "give a number from 0 to 1")


def _require_word(word: str, known: Sequence[str], name: str) -> None:
    if word not in known:
        raise UsageError(f"{name} is {word!r}", did_you_mean(word, known) or f"there are {', '.join(known)}")
