"""Sources of frames: pictures, videos, cameras, the demo scene. Sources know nothing of overlays, sinks or torch."""
