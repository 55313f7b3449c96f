"""Demo scene: markers on cards that move over photographs, rendered, endless, seeded, with known boxes."""

from heatcam.sources.demo.markers import MARKER_CLASSES, Marker, random_marker
from heatcam.sources.demo.scene import DemoScene, RenderedScene, TrueBox
from heatcam.sources.demo.source import DemoSource

__all__ = ["MARKER_CLASSES", "DemoScene", "DemoSource", "Marker", "RenderedScene", "TrueBox", "random_marker"]
