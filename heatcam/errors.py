"""Expected errors: each says what is wrong and what the user can do next.

``cli`` is the one place that turns these into a line on standard error and an exit code.
"""

from __future__ import annotations


class HeatcamError(Exception):
    """An expected failure. ``str()`` is one line: what is wrong, then the next step.

    Args:
        problem: what is wrong, without a full stop.
        next_step: what the user can do about it, without a full stop.

    >>> import heatcam
    >>> try:
    ...     heatcam.load("missing.pt")
    ... except heatcam.HeatcamError as error:
    ...     print(error.problem, error.exit_code, sep="; ")
    model file missing.pt does not exist; 2
    """

    exit_code = 1

    def __init__(self, problem: str, next_step: str = "") -> None:
        super().__init__(problem, next_step)
        self.problem = problem
        self.next_step = next_step

    def __str__(self) -> str:
        line = f"{self.problem}; {self.next_step}" if self.next_step else self.problem
        return " ".join(line.split())


class UsageError(HeatcamError):
    """Invalid options or inputs: exit code 2.

    >>> import heatcam
    >>> heatcam.UsageError("conf is 2", "give a number from 0 to 1").exit_code
    2
    """

    exit_code = 2


class ChannelsError(UsageError):
    """A picture of another number of channels than the network reads: exit code 2.

    Args:
        own: number of channels of the picture.
        wanted: number of channels that the network reads.
        name: of the picture.

    >>> from heatcam.errors import ChannelsError
    >>> ChannelsError(5, 1, "a.tif").problem
    'a.tif has 5 channels, and the model reads 1'
    """

    def __init__(self, own: int, wanted: int, name: str = "the picture") -> None:
        has = f"{own} channel{'s' * (own != 1)}"
        many = f"snapshot, record or live a TIFF of {wanted} pages or samples, or a .npy array of {wanted} channels"
        step = {1: "a grey picture", 3: "a colour picture"}.get(wanted, many)
        super().__init__(
            f"{name} has {has}, and the model reads {wanted}", f"give {step}, or a model of {has}"
        )


class ModelError(HeatcamError):
    """A model file that is missing, broken, refused, or of a kind that cannot be explained: exit code 2.

    >>> import heatcam
    >>> heatcam.ModelError("best.pt is damaged").exit_code
    2
    """

    exit_code = 2


class DeviceError(HeatcamError):
    """A device that was asked for and does not exist: exit code 2.

    >>> import heatcam
    >>> heatcam.DeviceError("there is no cuda:1", "cuda:0 is there").exit_code
    2
    """

    exit_code = 2


class BackendError(HeatcamError):
    """A network that a backend cannot compile; a slower backend takes its place.

    >>> import heatcam
    >>> heatcam.BackendError("an operation is not known").exit_code
    1
    """


class SourceError(HeatcamError):
    """A camera or video that cannot be opened or stopped giving frames.

    >>> import heatcam
    >>> heatcam.SourceError("camera 0 is busy", "close the other program").exit_code
    1
    """


class UnreadableInputError(HeatcamError):
    """A picture or video that is missing or cannot be decoded: exit code 2.

    >>> import heatcam
    >>> heatcam.UnreadableInputError("a.png is cut off").exit_code
    2
    """

    exit_code = 2


class SinkError(HeatcamError):
    """A picture or recording that cannot be written.

    >>> import heatcam
    >>> heatcam.SinkError("the disk is full").exit_code
    1
    """


class DisplayError(HeatcamError):
    """A window that cannot be opened here.

    >>> import heatcam
    >>> heatcam.DisplayError("there is no display").exit_code
    1
    """


class MapError(HeatcamError):
    """A saliency map that could not be made for a frame; its detections are still valid.

    >>> import heatcam
    >>> heatcam.MapError("no gradient comes to layer 15").exit_code
    1
    """


class ViewError(HeatcamError):
    """A view of an explanation that cannot be made, with the reason; other views of it may be.

    >>> import heatcam
    >>> heatcam.ViewError("nothing was detected").exit_code
    1
    """


def first_line(error: BaseException, most: int | None = None) -> str:
    """Return the first line of an error's text, cut after ``most`` letters; its type's name where it has no text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:most]


def reason_of(error: BaseException) -> str:
    """Return the reason of an error: the system's text where it has one, else the error's own, else its type's name."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
