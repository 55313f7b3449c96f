"""COCO's JSON documents: pictures, categories, and annotations with their boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from heatcam.errors import UnreadableInputError, reason_of


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class CocoImage(_Record):
    """A picture; its size is left out of some documents."""

    id: int | str
    file_name: str
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)

    def require_size(self, size_wh: tuple[int, int], path: Path) -> None:
        """Refuse a picture of another width and height than the one that was labelled; ``path``: of the document.

        Raises:
            UnreadableInputError: it has another size.
        """
        stated = self.width, self.height
        if None not in stated and stated != size_wh:
            raise UnreadableInputError(
                f"{path} has labels for {stated[0]}x{stated[1]}, "
                f"and {Path(self.file_name).name} is {size_wh[0]}x{size_wh[1]}",
                "give the pictures that were labelled",
            )


class CocoCategory(_Record):
    """A class of objects."""

    id: int
    name: str


class CocoAnnotation(_Record):
    """An object, a crowd or an ignored region. ``bbox``: x, y, width, height in image pixels; None for a mask alone."""

    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float] | None = None
    iscrowd: int = 0
    ignore: int = 0

    def box_xyxy(self, names: Mapping[int, str], where: str) -> tuple[float, float, float, float] | None:
        """Return the corners in image pixels; None for a mask alone.

        Args:
            names: of the document's categories, by their ids.
            where: the place in the document, for messages.

        Raises:
            UnreadableInputError: the category is not there, or the box is not finite.
        """
        if self.category_id not in names:
            raise UnreadableInputError(f"{where}: there is no category {self.category_id}", "mend it")
        if self.bbox is None:
            return None
        if not all(map(math.isfinite, self.bbox)):
            raise UnreadableInputError(f"{where}: bbox is not finite", "mend it")
        x, y, wide, tall = self.bbox
        return x, y, x + wide, y + tall


class CocoDocument(_Record):
    """The part of a document that is about labels."""

    images: list[CocoImage]
    categories: list[CocoCategory]
    annotations: list[CocoAnnotation]

    @property
    def names(self) -> dict[int, str]:
        """Names of the categories, by their ids."""
        return {category.id: category.name for category in self.categories}


def read_coco(path: Path) -> CocoDocument:
    """Read a document.

    Raises:
        UnreadableInputError: it cannot be read or is no such document; the message names the place.
    """
    try:
        return CocoDocument.model_validate_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise UnreadableInputError(f"{path} cannot be read: {reason_of(error)}", "check the path") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise UnreadableInputError(
            f"{path} is no COCO document: {where}: {first['msg']}",
            "it has images, categories and annotations",
        ) from error
