"""Query of a request about a picture: what is asked, checked before anything is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from heatcam.enums import Colormap, Renorm, ViewName
from heatcam.errors import UsageError
from heatcam.options import ExplainOptions, names_in
from heatcam.overlay import OverlayOptions, named_look
from heatcam.text import did_you_mean
from heatcam.views import view_names
from heatcam.web.models import Models

VIEWS = "original,overlay,heatmap,boxes,regions"
#: Pixels of the network's input at most: at 1280 a picture takes four times as long as at 640, and at 4096 forty times.
MOST_IMGSZ = 1280
#: Pixels of the images' longer side, as usual and at most: five views of a phone's 12 megapixels would take 74 MB and 9 s.
LONGEST, MOST_LONGEST = 2048, 4096
_TEXT = 200


def _listed(choices: Any) -> dict[str, Any]:
    return {"enum": [str(one.value) for one in choices]}


class AnalyzeQuery(BaseModel):
    """Options of one request; what is left out is as on the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    views: str | None = Field(
        None,
        max_length=_TEXT,
        description=f"images to make, with commas: {', '.join(ViewName)}; empty for none".replace(
            "ViewName.", ""
        ),
        examples=["overlay,heatmap"],
    )
    model: str | None = Field(None, max_length=_TEXT, description="one of the models of `/v1/models`")
    method: str | None = Field(None, max_length=_TEXT, description="how the map is made", examples=["live"])
    layers: str | None = Field(
        None, max_length=_TEXT, description="layers to map instead, by index or name, with commas"
    )
    conf: float | None = Field(
        None, ge=0, le=1, description="keep boxes above this confidence", examples=[0.25]
    )
    iou: float | None = Field(
        None, ge=0, le=1, description="boxes of a class that overlap more are one object", examples=[0.7]
    )
    classes: str | None = Field(
        None, max_length=4000, description="keep only these classes: names or numbers, with commas"
    )
    imgsz: int | None = Field(None, ge=32, description="longer side of the network's input in pixels")
    why: str | None = Field(
        None, max_length=_TEXT, description="explain this class at every box instead of its own"
    )
    target: str | None = Field(
        None,
        max_length=_TEXT,
        description="what is explained of each object: `class`, `box`, ...",
        examples=["class"],
    )
    colormap: str | None = Field(None, description="colours of the heat", json_schema_extra=_listed(Colormap))
    alpha: float | None = Field(None, ge=0, le=1, description="opacity of the hottest pixel", examples=[0.7])
    renorm: str | None = Field(
        None, description="scope of the heat's scale", json_schema_extra=_listed(Renorm)
    )
    foreground: Literal["auto"] | None = Field(
        None, description="`auto` finds the subject on a plain background, and tells the evidence outside it"
    )
    region_share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="share of the evidence that the regions hold together; else by Otsu's threshold",
    )
    longest: int = Field(
        LONGEST,
        ge=64,
        le=MOST_LONGEST,
        description="longer side of the images in pixels; larger pictures are scaled down",
    )

    def model_of(self, models: Models) -> str:
        """Return the name of the model.

        Raises:
            UsageError: there is no such model.
        """
        return known_model(self.model, models)

    def options(self, models: Models) -> ExplainOptions:
        """Return the options of the explanation: the command line's, and over them what is asked.

        Raises:
            UsageError: a method is unknown, or a value is outside its range.
        """
        base = models.options
        asked = {name: getattr(self, name) for name in ("method", "conf", "iou", "imgsz", "why", "target")}
        changes = {name: value for name, value in asked.items() if value is not None}
        if self.classes is not None:
            changes["classes"] = (self.classes,) if self.classes.strip() else ()
        if self.layers is not None:
            changes["layers"] = names_in(self.layers)
        if self.method is not None:
            _require_one_of(self.method, models.methods, "method")
        most = max(MOST_IMGSZ, base.imgsz or 0)
        if self.imgsz is not None and self.imgsz > most:
            raise UsageError(f"imgsz is {self.imgsz}", f"give a number of pixels from 32 to {most}")
        options = replace(base, **changes)
        options.require_valid()
        return options

    def look(self, base: OverlayOptions) -> OverlayOptions:
        """Return the drawing options.

        Raises:
            UsageError: there is no such colour map or scope.
        """
        alpha = base.alpha if self.alpha is None else self.alpha
        colormap = base.colormap.value if self.colormap is None else self.colormap
        renorm = base.renorm.value if self.renorm is None else self.renorm
        return named_look(colormap, renorm, alpha, base.boxes, base.hud)

    def images(self, usual: str = VIEWS) -> tuple[ViewName, ...]:
        """Return the views to draw; ``usual`` where none are named.

        Raises:
            UsageError: there is no such view.
        """
        return view_names([usual if self.views is None else self.views])


def known_model(name: str | None, models: Models) -> str:
    """Return the name of a model: for None that of the one for pictures.

    Raises:
        UsageError: there is no such model.
    """
    if name is None:
        return models.for_pictures
    _require_one_of(name, models.names, "model")
    return name


def _require_one_of(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        step = did_you_mean(name, known) or f"there are {', '.join(known)}"
        raise UsageError(f"there is no {what} {name!r}", step)
