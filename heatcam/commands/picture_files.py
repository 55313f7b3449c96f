"""Output files of pictures: which views go where, and what lies beside them. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heatcam.commands.options import PictureOutput, ViewOutput
from heatcam.enums import ViewName
from heatcam.errors import UsageError
from heatcam.sinks import dicom_map_path, fitting_name, map_path, output_paths, raw_path, view_paths
from heatcam.views import view_names


@dataclass(frozen=True)
class Picture:
    """One picture to explain, or an archive to draw again, and the files of its result.

    Attributes:
        source: the picture or archive.
        views: each view to write, with its file.
        images: views to put into the JSON document.
        raw: file of the raw maps; None writes none.
        map_png: file of the map as a 16-bit PNG; None writes none.
        dicom_map: file of the map as Parametric Map; None writes none.
    """

    source: Path
    views: tuple[tuple[ViewName, Path], ...] = ()
    images: tuple[ViewName, ...] = ()
    raw: Path | None = None
    map_png: Path | None = None
    dicom_map: Path | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the result."""
        beside = self.raw, self.map_png, self.dicom_map
        return (*(path for _, path in self.views), *(path for path in beside if path))

    @property
    def target(self) -> Path | None:
        """The first file with a view; None where none is written."""
        return self.views[0][1] if self.views else None

    @property
    def is_done(self) -> bool:
        """True if every file is there, and there are some."""
        return bool(self.files) and all(path.is_file() for path in self.files)


@dataclass(frozen=True)
class WantedViews:
    """Views that a command is to make.

    Attributes:
        files: to write; empty where nothing is written to disk.
        images: to put into the JSON document.
    """

    files: tuple[ViewName, ...]
    images: tuple[ViewName, ...]


def wanted_views(output: ViewOutput) -> WantedViews:
    """Return the views that were asked for; the overlay, if none were. With ``images`` and no ``-o`` nothing is written.

    Raises:
        UsageError: a view is unknown, or options contradict each other.
    """
    files, images = view_names(output.view), view_names(output.images)
    if images and not output.json:
        raise UsageError(
            "--images puts views into the JSON document", "add --json -, or take --view and -o for files"
        )
    if not images or output.output is not None:
        return WantedViews(files or (ViewName.OVERLAY,), images)
    beside = {"--view": files, "--map-png": output.map_png, "--npz": getattr(output, "npz", False)}
    beside["--dicom-map"] = getattr(output, "dicom_map", False)
    for name in (name for name, is_given in beside.items() if is_given):
        raise UsageError(f"{name} writes files, and --images alone writes none", "add -o")
    return WantedViews((), images)


def default_output(stems: Sequence[str], views: WantedViews, *, many: bool = False, word: str = "") -> str:
    """Return the default output in the current folder: ``photo-heat.png`` for one view of one picture, else the folder ``heat/``.

    Args:
        stems: names of the inputs without suffix.
        views: what is to be made.
        many: True if there could have been several inputs.
        word: stands in the name for ``heat``, the overlay's word.
    """
    if many or len(stems) > 1 or len(views.files) != 1:
        return "heat/"
    view = views.files[0]
    return f"{stems[0]}-{word or ('heat' if view is ViewName.OVERLAY else view.value)}.png"


def picture_files(
    sources: Sequence[Path],
    output: ViewOutput,
    views: WantedViews,
    below: Sequence[Path] | None = None,
    *,
    into_folder: bool = False,
) -> tuple[Picture, ...]:
    """Plan the files of each input: of one view what ``-o`` names, of several ``NAME-VIEW.png`` in that folder.

    Args:
        sources: the inputs.
        output: names the file or folder, and what else is written.
        views: what is to be made.
        below: relative path of each input below the folder; its name if left out.
        into_folder: True if there could have been several inputs.

    Raises:
        UsageError: the output cannot hold all, has an unknown suffix, or is an input.
    """
    wanted = output.output or ""
    if not views.files:
        return tuple(Picture(source, images=views.images) for source in sources)
    if len(views.files) == 1:
        targets = output_paths(sources, wanted, below=below, into_folder=into_folder)
        return tuple(
            Picture(
                source,
                ((views.files[0], target),),
                views.images,
                raw_path(target) if _has_npz(output) else None,
                map_path(target) if output.map_png else None,
                dicom_map_path(target) if _has_dicom_map(output) else None,
            )
            for source, target in zip(sources, targets, strict=True)
        )
    names = [view.value for view in views.files]
    extra = ["map"] if output.map_png else []
    paths = view_paths(sources, wanted, [*names, *extra], below=below)
    return tuple(
        Picture(
            source,
            tuple(zip(views.files, own, strict=False)),
            views.images,
            _raw_beside(own[0], names[0]) if _has_npz(output) else None,
            own[-1] if output.map_png else None,
            _raw_beside(own[0], names[0]).with_suffix(".map.dcm") if _has_dicom_map(output) else None,
        )
        for source, own in zip(sources, paths, strict=True)
    )


def _has_npz(output: ViewOutput) -> bool:
    return isinstance(output, PictureOutput) and output.npz


def _has_dicom_map(output: ViewOutput) -> bool:
    return isinstance(output, PictureOutput) and output.dicom_map


def _raw_beside(path: Path, view: str) -> Path:
    """Return the path of the raw maps beside several views: ``NAME.npz``."""
    return path.with_name(fitting_name(path.stem.removesuffix(f"-{view}"), ".npz"))
