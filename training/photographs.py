"""Real photographs from installed packages, read when training runs; none is part of this project.

Photographs are split by file: what the model is judged on, it was never trained on. ultralytics' and scikit-image's
photographs are only ever used for judging.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

#: package -> (folder inside it, file names). Photographs that show a marker are left out.
TRAINING_PACKAGES = {
    "sklearn": ("datasets/images", ("china.jpg", "flower.jpg")),
    "matplotlib": ("mpl-data/sample_data", ("grace_hopper.jpg",)),
    "gradio": ("media_assets/images", ("cheetah.jpg", "cheetah1.jpg", "groot.jpeg", "lion.jpg", "tower.jpg")),
    "mahotas": ("demos/data", ("DepartmentStore.jpg", "lena.jpg", "luispedro.jpg")),
    "imgaug": ("", ("quokka.jpg",)),
}
#: Debian's opencv-doc and desktop backgrounds, where they are installed: many more scenes, and better judged for it.
TRAINING_FOLDERS = (
    (Path("/usr/share/doc/opencv-doc/examples/data"), "*"),
    (Path("/usr/share/doc/opencv-doc/examples/text"), "scenetext0*.jpg"),
    (Path("/usr/share/backgrounds/mate/nature"), "*.jpg"),
    (Path("/usr/share/backgrounds"), "*"),
)
WITH_MARKERS = (
    "left",
    "right",
    "chessboard",
    "box",
    "board",
    "mask",
    "tmpl",
    "templ",
    "gradient",
    "pca",
    "HappyFish",
)
#: Films among them whose first picture is taken.
FILMS = ("tree.avi", "vtest.avi")
#: Held out by name from the folders above, for scenes with backgrounds that were never seen.
HELD_OUT_FILES = (
    "home.jpg", "leuvenA.jpg", "leuvenB.jpg", "messi5.jpg", "rubberwhale1.png", "rubberwhale2.png", "aloeL.jpg", "aloeR.jpg",
    "aloeGT.png", "scenetext05.jpg", "scenetext06.jpg", "graf3.png", "graf1.png", "stuff.jpg", "Dune.jpg", "Garden.jpg",
    "Wood.jpg", "tower.jpg", "DepartmentStore.jpg", "china.jpg", "lion.jpg",
)  # fmt: skip
#: scikit-image's photographs and textures; its chessboards show the marker and its drawings are no photographs.
SKIMAGE_PHOTOGRAPHS = (
    "astronaut.png", "brick.png", "camera.png", "cell.png", "chelsea.png", "clock_motion.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "motorcycle_right.png",
    "page.png", "retina.jpg", "rocket.jpg", "text.png",
)  # fmt: skip
ULTRALYTICS_PHOTOGRAPHS = ("bus.jpg", "zidane.jpg")


def training_photographs() -> list[Path]:
    """Every photograph that training may see, sorted; at least those of the packages in ``requirements.txt``."""
    return sorted(p for p in _everything() if p.name not in HELD_OUT_FILES)


def held_out_photographs() -> list[Path]:
    """Backgrounds of the scenes that the model is judged on: none of them is seen in training."""
    return sorted([p for p in _everything() if p.name in HELD_OUT_FILES] + judged_photographs())


def judged_photographs() -> list[Path]:
    """The photographs of ultralytics and scikit-image, on which nothing may be detected."""
    bus = [package_folder("ultralytics") / "assets" / name for name in ULTRALYTICS_PHOTOGRAPHS]
    return bus + [
        path for name in SKIMAGE_PHOTOGRAPHS if (path := package_folder("skimage") / "data" / name).is_file()
    ]


def read_photograph(path: Path) -> NDArray[np.uint8]:
    """A photograph, or a film's first picture, as uint8 BGR ``[H x W x 3]``, its longer side at most 1280 px."""
    image = (
        cv2.VideoCapture(str(path)).read()[1]
        if path.suffix == ".avi"
        else cv2.imread(str(path), cv2.IMREAD_COLOR)
    )
    if image is None:
        raise OSError(f"{path} cannot be read")
    scale = 1280 / max(image.shape[:2])
    return np.asarray(
        cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    )


def _everything() -> list[Path]:
    found = [
        package_folder(name) / folder / file
        for name, (folder, files) in TRAINING_PACKAGES.items()
        for file in files
    ]
    for folder, pattern in TRAINING_FOLDERS:
        found += [
            p
            for p in folder.glob(pattern)
            if (p.suffix in {".jpg", ".png"} or p.name in FILMS) and not p.name.startswith(WITH_MARKERS)
        ]
    return [path for path in found if path.is_file()]


def package_folder(name: str) -> Path:
    """The folder of an installed package."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"{name} is not installed: pip install -r training/requirements.txt", name=name
        )
    return Path(spec.origin).parent
