"""Explaining with the evidence of each channel of the picture."""

from __future__ import annotations

from heatcam.blackbox import BlackBoxExplainer
from heatcam.commands.setup import AnyExplainer
from heatcam.errors import UsageError
from heatcam.exported import FileExplainer
from heatcam.frames import Explains, Explanation, Frame


class WithChannels:
    """Explainer that adds the evidence of each channel: see ``saliency.with_channel_evidence``.

    Args:
        explains: makes boxes and maps.
        explainer: has the network.

    Raises:
        UsageError: it is a file of ``heatcam export`` or a black box, which has no gradient at its input.
    """

    def __init__(self, explains: Explains, explainer: AnyExplainer) -> None:
        if isinstance(explainer, FileExplainer | BlackBoxExplainer):
            raise UsageError(
                f"{explainer.title} has no gradient at its input",
                "leave out --channel-evidence, or give its .pt original",
            )
        self._explains, self._explainer = explains, explainer

    def explain(
        self,
        image: Frame,
        *,
        with_map: bool = True,
        with_object_maps: bool = True,
        conf: float | None = None,
    ) -> Explanation:
        """See ``Explainer.explain``."""
        from heatcam.saliency import with_channel_evidence  # noqa: PLC0415 (torch: it is loaded by now)

        seen = self._explains.explain(image, with_map=with_map, with_object_maps=with_object_maps, conf=conf)
        return with_channel_evidence(self._explainer, seen)
