"""Refusals of options that a file cannot honour: what its maps show was decided when it was exported."""

from __future__ import annotations

from heatcam.enums import FINE_MAP, LIVE_MAP, Precision
from heatcam.errors import UsageError
from heatcam.exported.facts import ExportedFacts
from heatcam.options import ExplainOptions

_USUAL = ExplainOptions()


def require_honoured(facts: ExportedFacts, name: str, options: ExplainOptions, device: str | None) -> None:
    """Refuse what a file cannot do; options as they are by default are those of the file.

    Args:
        facts: what the file tells of itself.
        name: of the file, for the message.
        options: as the user gave them.
        device: as the user named it.

    Raises:
        UsageError: the message names the option.
    """
    for option, fixed in _fixed(facts, options).items():
        raise UsageError(
            f"{name} was exported with {fixed}, and --{option} cannot change that",
            f"leave out --{option}, or give its .pt original",
        )
    if options.max_det < facts.objects:
        raise UsageError(
            f"{name} tells of {facts.objects} objects, and --max-det cannot change that",
            f"leave out --max-det, or export it with --objects {options.max_det}",
        )
    if device not in (None, "cpu"):
        raise UsageError(f"{name} runs on the CPU, not on {device}", "leave out --device")


def _fixed(facts: ExportedFacts, options: ExplainOptions) -> dict[str, str]:
    """Return the options that ask for something else than the file has, each with what the file has."""
    made = f"the map '{facts.method}'" if facts.method else "no map"
    asked = {
        "method": (options.method not in (LIVE_MAP, facts.method), made),
        "quality": (options.quality != LIVE_MAP and (facts.method or LIVE_MAP) != FINE_MAP, made),
        "layers": (bool(options.layers), f"layers {', '.join(facts.layers) or 'none'}"),
        "target": (options.target != _USUAL.target, "the evidence for each object's class"),
        "why": (bool(options.why), "the evidence for each object's own class"),
        "imgsz": (options.imgsz not in (None, max(facts.model_wh)), "{}x{} pixels".format(*facts.model_wh)),
        "iou": (options.iou not in (_USUAL.iou, facts.iou), f"--iou {facts.iou:g}"),
        "precision": (options.precision not in (Precision.AUTO.value, Precision.FP32.value), "fp32"),
    }
    return {option: fixed for option, (is_other, fixed) in asked.items() if is_other}
