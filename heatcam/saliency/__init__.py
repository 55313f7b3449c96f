"""Saliency: CAM methods and the explainer that turns a frame into detections and maps."""
