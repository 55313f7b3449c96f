"""Boxes and heat of one picture, without torch and heatcam: python export_example.py best-heat.onnx photo.jpg out.png."""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageDraw

model, photo, output = sys.argv[1:]
onnxruntime.set_default_logger_severity(3)  # errors
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
names, (wide, tall) = json.loads(facts["names"]), json.loads(facts["model_wh"])

picture = Image.open(photo).convert("RGB")
scale = min(wide / picture.width, tall / picture.height)
inner = round(picture.width * scale), round(picture.height * scale)
left, top = (wide - inner[0]) // 2, (tall - inner[1]) // 2
boxed = Image.new("RGB", (wide, tall), (114, 114, 114))
boxed.paste(picture.resize(inner, Image.Resampling.BILINEAR), (left, top))
images = np.asarray(boxed, np.float32).transpose(2, 0, 1)[None] / np.float32(255)
conf = np.full(len(names), 0.25, np.float32)  # a confidence for each class

values = session.run(None, {"images": images, "conf": conf})
found = dict(zip([each.name for each in session.get_outputs()], values, strict=True))

heat = Image.fromarray(found["map"]).resize((wide, tall), Image.Resampling.BILINEAR)
heat = heat.crop((left, top, left + inner[0], top + inner[1])).resize(picture.size, Image.Resampling.BILINEAR)
share = 0.7 * np.clip(heat / max(np.percentile(heat, 99.5), 1e-9), 0, 1)[..., None]
shown = Image.fromarray((picture * (1 - share) + np.array([255, 60, 0]) * share).astype(np.uint8))
for box, score, class_id in zip(found["boxes_xyxy"], found["scores"], found["class_ids"], strict=True):
    if class_id >= 0:  # (rows without an object have -1)
        corners = (box.reshape(2, 2) - (left, top)) / scale
        ImageDraw.Draw(shown).rectangle([*map(tuple, corners)], outline="white", width=2)
        ImageDraw.Draw(shown).text(tuple(corners[0] + 4), f"{names[str(class_id)]} {score:.2f}")
shown.save(output)
np.savez(f"{output}.npz", **found)  # (maps: one for each object)
