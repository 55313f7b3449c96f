"""Folders of transformers: what is refused, in one line and before torch is loaded, and that nothing leaves the machine."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from heatcam.errors import ModelError
from heatcam.models import find_checkpoint, load_model
from heatcam.models.formats import format_of
from heatcam.models.formats.huggingface.architectures import ARCHITECTURES
from heatcam.models.formats.huggingface.folder import find_folder, weights_in
from tests.transformer_nets import saved_detector


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("transformers") / "tiny"
    saved_detector("rt_detr", folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def change(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))


def test_a_folder_is_found_by_its_weights(folder: Path) -> None:
    assert format_of(f"hf:{folder}") is not None
    assert find_checkpoint(f"hf:{folder}/") == folder / "model.safetensors"


def test_finding_and_refusing_load_neither_torch_nor_transformers(folder: Path) -> None:
    code = (
        "import sys\n"
        "from heatcam.models.finding import find_checkpoint\n"
        f"find_checkpoint('hf:{folder}')\n"
        "assert not {'torch', 'transformers'} & set(sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: change(f / "config.json", model_type="gpt2"), "of type 'gpt2', which cannot be explained; give one of: DETR,"),
        (lambda f: change(f / "config.json", model_type=["x"]), "which cannot be explained"),
        (lambda f: change(f / "config.json", architectures=["RTDetrModel"]), "is a RTDetrModel, which finds no boxes"),
        (lambda f: (f / "config.json").unlink(), "tiny has no config.json"),
        (lambda f: (f / "preprocessor_config.json").unlink(), "tiny has no preprocessor_config.json"),
        (lambda f: (f / "config.json").write_text("[1]"), "config.json of tiny holds no settings"),
        (lambda f: (f / "config.json").write_text("{"), "config.json of tiny cannot be read"),
        (lambda f: (f / "model.safetensors").unlink(), "tiny has no model.safetensors"),
    ],
)  # fmt: skip
def test_a_folder_that_cannot_be_explained_is_refused_with_the_reason(
    folder: Path, spoil: Any, said: str
) -> None:
    spoil(folder)
    with pytest.raises(ModelError, match=said.replace("(", r"\(")):
        find_checkpoint(f"hf:{folder}")


def test_weights_in_a_pickle_are_refused_with_the_way_to_convert_them(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model.bin alone, a pickle.*save_pretrained"):
        find_checkpoint(f"hf:{folder}")


def test_a_name_of_the_hub_is_not_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError, match="downloads nothing unasked; hf download facebook/detr-resnet-50"):
        find_checkpoint("hf:facebook/detr-resnet-50")
    with pytest.raises(ModelError, match="hf:nowhere is no folder"):
        find_checkpoint("hf:nowhere")
    with pytest.raises(ModelError, match="hf: is no folder"):
        find_checkpoint("hf:")


def test_a_model_in_the_hubs_cache_is_taken_from_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, saved: Path
) -> None:
    commit = "0" * 40
    cached = tmp_path / "models--someone--tiny"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text(commit)
    shutil.copytree(saved, cached / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert find_folder("hf:someone/tiny") == cached / "snapshots" / commit
    assert weights_in(find_folder("hf:someone/tiny")).name == "model.safetensors"


def test_loading_reaches_no_network_even_if_the_configuration_names_a_backbone_of_the_hub(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("a connection was asked for")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    assert load_model(f"hf:{folder}").title == "tiny"
    change(folder / "config.json", backbone="someone/backbone", backbone_config=None, use_timm_backbone=False)
    with pytest.raises(ModelError):
        load_model(f"hf:{folder}")
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE is False


def test_code_that_a_folder_brings_is_not_run(folder: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(folder / 'ran')!r}, 'w')\nclass Evil: ...\n")
    change(
        folder / "config.json",
        auto_map={"AutoModelForObjectDetection": "evil.Evil", "AutoConfig": "evil.Evil"},
    )
    change(folder / "preprocessor_config.json", auto_map={"AutoImageProcessor": "evil.Evil"})
    load_model(f"hf:{folder}")
    assert not (folder / "ran").exists()


def test_missing_weights_and_a_truncated_file_are_refused(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    file = folder / "model.safetensors"
    weights = load_file(file)
    lost = next(name for name in weights if "fpn_blocks" in name)
    save_file({name: tensor for name, tensor in weights.items() if name != lost}, file, {"format": "pt"})
    with pytest.raises(ModelError, match="lacks 1 of its network's weights, such as"):
        load_model(f"hf:{folder}")
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ModelError):
        load_model(f"hf:{folder}")


def test_weights_in_several_files_are_read_and_have_one_digest(folder: Path) -> None:
    from transformers import RTDetrForObjectDetection

    whole = load_model(f"hf:{folder}")
    model = RTDetrForObjectDetection.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="200KB")
    assert find_checkpoint(f"hf:{folder}").name == "model.safetensors.index.json"
    parts = load_model(f"hf:{folder}")
    assert len(parts.sha256) == 64
    assert parts.sha256 != whole.sha256
    ours, theirs = whole.network.state_dict(), parts.network.state_dict()
    assert all((ours[name] == theirs[name]).all() for name in ours)


def test_an_image_processor_that_pads_to_a_size_of_its_own_is_refused(folder: Path) -> None:
    change(folder / "preprocessor_config.json", do_pad=True, pad_size={"height": 200, "width": 200})
    with pytest.raises(ModelError, match="crops pictures or pads them"):
        load_model(f"hf:{folder}")


def test_every_architecture_of_the_table_is_one_of_the_library() -> None:
    import transformers

    for kind, one in ARCHITECTURES.items():
        assert getattr(transformers, one.model_class).config_class.model_type == kind
