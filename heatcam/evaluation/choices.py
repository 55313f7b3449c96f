"""Names that the plan of an evaluation and its parts share."""

from __future__ import annotations

from enum import Enum

CONTROL = "control: "  # before the name of each control's row


class ProtocolName(str, Enum):
    """Protocols of deletion and insertion."""

    GROWING = "growing"
    D_RISE = "d-rise"


class FractionsOf(str, Enum):
    """Pixels that the steps of deletion and insertion are fractions of: the object's box, or the letterboxed picture."""

    BOX = "box"
    PICTURE = "picture"
