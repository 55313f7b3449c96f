"""The engine: forward pass, detections and exact gradients. Only here and in ``saliency`` is torch known."""
