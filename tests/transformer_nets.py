"""Tiny detectors of transformers with random weights, saved as the library saves them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

os.environ["HF_HUB_OFFLINE"] = "1"
NAMES = ("cat", "dog", "bus", "person", "sign")
SIZE_WH = 128, 96  # of pictures that the processors below leave as they are

_SHARED = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "num_queries": 10, "use_timm_backbone": False, "backbone": None,
    "use_pretrained_backbone": False,
}  # fmt: skip
_HYBRID = {
    "d_model": 32, "encoder_hidden_dim": 32, "encoder_in_channels": [16, 16, 24], "decoder_in_channels": [32, 32, 32],
    "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "decoder_layers": 2, "num_queries": 12, "num_denoising": 0,
}  # fmt: skip
_STAGES = {
    "embedding_size": 8, "hidden_sizes": [8, 16, 16, 24], "depths": [1, 1, 1, 1], "layer_type": "basic"
}  # fmt: skip
_THREE = ["stage2", "stage3", "stage4"]


def _detr(t: Any) -> Any:
    config = t.DetrConfig(backbone_config=t.ResNetConfig(**_STAGES, out_features=["stage4"]), **_SHARED)
    return t.DetrForObjectDetection(_named(config))


def _conditional(t: Any) -> Any:
    backbone = t.ResNetConfig(**_STAGES, out_features=["stage4"])
    return t.ConditionalDetrForObjectDetection(
        _named(t.ConditionalDetrConfig(backbone_config=backbone, **_SHARED))
    )


def _deformable(t: Any) -> Any:
    config = t.DeformableDetrConfig(
        backbone_config=t.ResNetConfig(**_STAGES, out_features=_THREE), num_feature_levels=4, **_SHARED
    )
    return t.DeformableDetrForObjectDetection(_named(config))


def _rt_detr(t: Any) -> Any:
    config = t.RTDetrConfig(backbone_config=t.RTDetrResNetConfig(**_STAGES, out_features=_THREE), **_HYBRID)
    return t.RTDetrForObjectDetection(_named(config))


def _rt_detr_v2(t: Any) -> Any:
    config = t.RTDetrV2Config(backbone_config=t.RTDetrResNetConfig(**_STAGES, out_features=_THREE), **_HYBRID)
    return t.RTDetrV2ForObjectDetection(_named(config))


def _d_fine(t: Any) -> Any:
    backbone = t.HGNetV2Config(
        embedding_size=8, hidden_sizes=[8, 16, 16, 24], stem_channels=[3, 8, 8], stage_in_channels=[8, 8, 16, 16],
        stage_mid_channels=[8, 8, 8, 8], stage_out_channels=[8, 16, 16, 24], stage_num_blocks=[1, 1, 1, 1],
        stage_numb_of_layers=[1, 1, 1, 1], out_features=_THREE,
    )  # fmt: skip
    config = t.DFineConfig(backbone_config=backbone, hidden_expansion=0.5, depth_mult=0.34, **_HYBRID)
    return t.DFineForObjectDetection(_named(config))


def _yolos(t: Any) -> Any:
    config = t.YolosConfig(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=4, intermediate_size=32, image_size=[96, 128],
        num_detection_tokens=10,
    )  # fmt: skip
    return t.YolosForObjectDetection(_named(config))


def _named(config: Any) -> Any:
    config.id2label = dict(enumerate(NAMES))
    config.label2id = {name: number for number, name in enumerate(NAMES)}
    return config


MAKERS: dict[str, Callable[[Any], Any]] = {
    "detr": _detr,
    "conditional_detr": _conditional,
    "deformable_detr": _deformable,
    "rt_detr": _rt_detr,
    "rt_detr_v2": _rt_detr_v2,
    "d_fine": _d_fine,
    "yolos": _yolos,
}


_PROCESSORS = {
    "detr": "DetrImageProcessor",
    "conditional_detr": "ConditionalDetrImageProcessor",
    "deformable_detr": "DeformableDetrImageProcessor",
    "rt_detr": "RTDetrImageProcessor",
    "rt_detr_v2": "RTDetrImageProcessor",
    "d_fine": "RTDetrImageProcessor",
    "yolos": "YolosImageProcessor",
}


def saved_detector(kind: str, folder: Path) -> str:
    """Save a tiny detector and its image processor into a folder, and return its spec for ``--model``."""
    import transformers
    from transformers.utils import logging

    logging.disable_progress_bar()
    torch.manual_seed(1)
    detector = MAKERS[kind](transformers).eval()
    _spread(detector)
    detector.save_pretrained(folder)
    wide, tall = SIZE_WH
    edges = {"shortest_edge": tall, "longest_edge": wide}
    size = {"height": tall, "width": wide} if _PROCESSORS[kind] == "RTDetrImageProcessor" else edges
    processor = getattr(transformers, _PROCESSORS[kind])(size=size)
    processor.save_pretrained(folder)
    return f"hf:{folder}"


def _spread(detector: Any) -> None:
    """Make class logits and boxes differ between queries, which they hardly do in a network that was never trained."""
    with torch.no_grad():
        for name, weights in detector.named_parameters():
            if weights.ndim > 1 and ("class" in name or "bbox" in name or "score" in name):
                weights.normal_(0, 0.3)
            if (
                "query" in name
                or "detection_tokens" in name
                or (weights.ndim > 1 and "decoder.layers" in name)
            ):
                weights.normal_(0, 1 if weights.shape[0] == 10 else 0.3)
            if name.endswith("bias") and ("class" in name or "score" in name):
                weights.zero_()


def noise(size_wh: tuple[int, int] = SIZE_WH, seed: int = 0) -> np.ndarray:
    """Return a picture of blocks of noise, uint8 ``(H, W, 3)`` BGR."""
    wide, tall = size_wh
    cells = np.random.default_rng(seed).integers(0, 256, (-(-tall // 8), -(-wide // 8), 3), np.uint8)
    return np.ascontiguousarray(cells.repeat(8, 0).repeat(8, 1)[:tall, :wide])
