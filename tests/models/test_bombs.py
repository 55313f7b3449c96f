"""Checkpoints that would take gigabytes: each is one line and exit code 2, and all of them together stay below 1.5 GB.

They are read in one child process, whose peak is its own.
"""

from __future__ import annotations

import copy
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.models.pickles import (
    archive,
    checkpoint,
    legacy,
    listed,
    named,
    number,
    packed,
    stored,
    tensor,
    text,
    whole,
    write,
)
from tests.nets import fresh_network

MB = 1024**2
MOST_KB = 1_500_000
CHILD = """
import json, pathlib, re, socket, sys, time
def refuse(*_, **__): raise SystemExit("the outside was asked")
socket.getaddrinfo = socket.socket.connect = refuse
from heatcam.errors import ModelError
from heatcam.models.loading import load_model
said = {}
for path in sys.argv[1:]:
    started = time.monotonic()
    try:
        load_model(path)
        words, code = "loaded", 0
    except ModelError as error:
        words, code = str(error), error.exit_code
    status = pathlib.Path("/proc/self/status").read_text()  # (``getrusage`` would tell the parent's, too)
    peak = int(re.search(r"VmHWM:\\s*(\\d+)", status)[1])
    said[path] = [words, code, peak, time.monotonic() - started]
print(json.dumps(said))
"""


#: What is said of each kind: the guard that was made for it, and no later one.
WORDS = {
    "a tensor of 57 GB over four bytes": "has a tensor of 56 GB over a storage of 4 bytes",
    "a tensor of 57 GB in the older format": "has a tensor of 56 GB over a storage of 4 bytes",
    "a tensor of 2 ** 60 places": "has a tensor of more than a million TB",
    "ten thousand tensors over one storage": "tensors that together are several times as large as the file",
    "a storage of 40 GB in four bytes": "storage 0 has 4 bytes instead of 40 GB",
    "a storage of 40 GB in the older format": "storages of more than its own",
    "a storage that unpacks a thousandfold": "would unpack to 105 MB",
    "a storage packed by LZMA": "packed in a way that torch never uses",
    "a pickle that unpacks a thousandfold": "would unpack to 41.9 MB",
    "a pickle that says it has 4 GB": "would unpack to 4.29 GB",
    "millions of empty sets": "more than 2000000 instructions",
    "millions of nothing": "more than 2000000 instructions",
    "lists within lists": "more than 2000000 instructions",
    "tuples within tuples as a key": "looks something up by what is no name",
    "a memo of 4 billion places": "holds no ultralytics model",
    "bytes of 2 ** 60": "holds a text of more than a million TB",
    "a text of 5 MB": "holds a text of 5.24 MB",
    "a hundred thousand parts": "list of contents alone has",
    "a set of a million sets": "looks something up by what is no name",
    "names of megabytes": "has a class name of 900000 characters",
    "a million classes": "has names for 1000000 classes",
    "pictures of 20,000 pixels": "trained with pictures of 20000 pixels",
    "pictures of 10 ** 9 pixels": "trained with pictures of 1000000000 pixels",
    "pictures of -640 pixels": "trained with pictures of -640 pixels",
    "a layer of 7 GB by its padding": "for one map of a small picture in layer 0",
    "a layer of 7 GB by enlarging": "would take 2.15 GB for one map of a small picture in layer 4",
    "a layer of 7 GB by its declaration": "says that its weights are [100000000",
    "distances of 4 GB": "reg_max of its Detect is 1000000000",
}


def declared(content: bytes, name: bytes, size: int) -> bytes:
    """The archive with another size, in both places, for the part of this name."""
    local, listed_at = content.index(name) - 30, content.rindex(name) - 46
    sized = bytearray(content)
    sized[local + 22 : local + 26] = sized[listed_at + 24 : listed_at + 28] = struct.pack("<I", size)
    return bytes(sized)


def with_network(path: Path, change: Callable[[Any], object], **more: object) -> Path:
    network = copy.deepcopy(fresh_network("tiny", fused=False))
    change(network)
    torch.save({"model": network, "train_args": {"imgsz": 128}, **more}, path)
    return path


def nothing(_: object) -> None: ...


def bombs(folder: Path) -> dict[str, Path]:
    """Every kind, by what it does."""
    few = {"0": bytes(4 * 1000)}
    wide = tensor(stored("0", 1), (14 * 10**9,), (0,))
    pickles = {
        "a tensor of 57 GB over four bytes": archive(checkpoint(wide), {"0": bytes(4)}),
        "a tensor of 57 GB in the older format": legacy(
            checkpoint(wide), b"\x80\x02](" + text("0") + b"e.", struct.pack("<q", 1) + bytes(4)
        ),
        "a tensor of 2 ** 60 places": archive(
            checkpoint(tensor(stored("0", 1000), (2**30, 2**30), (0, 0))), few
        ),
        "ten thousand tensors over one storage": archive(
            checkpoint(listed(*[tensor(stored("0", MB), (MB,), (1,))] * 10_000)), {"0": bytes(4 * MB)}
        ),
        "a storage of 40 GB in four bytes": archive(
            checkpoint(tensor(stored("0", 10**10), (1,), (1,))), {"0": bytes(4)}
        ),
        "a storage of 40 GB in the older format": legacy(checkpoint(tensor(stored("0", 10**10), (1,), (1,)))),
        "a storage that unpacks a thousandfold": archive(
            checkpoint(tensor(stored("0", 25 * MB), (25 * MB,), (1,))),
            {"0": bytes(100 * MB)},
            packing=zipfile.ZIP_DEFLATED,
        ),
        "a storage packed by LZMA": archive(
            checkpoint(tensor(stored("0", MB), (MB,), (1,))), {"0": bytes(4 * MB)}, packing=zipfile.ZIP_LZMA
        ),
        "a pickle that unpacks a thousandfold": archive(whole(b"N0" * 20 * MB), packing=zipfile.ZIP_DEFLATED),
        "a pickle that says it has 4 GB": declared(archive(checkpoint(number(1))), b"a/data.pkl", 2**32 - 2),
        "millions of empty sets": archive(whole(b"](" + b"\x8f" * 4 * MB + b"e")),
        "millions of nothing": archive(whole(b"](" + b"N" * 30 * MB + b"e")),
        "lists within lists": archive(whole(b"]" * MB + b"a" * (MB - 1))),
        "tuples within tuples as a key": archive(whole(b"})" + b"\x85" * MB + b"Ns")),
        "a memo of 4 billion places": archive(whole(b"Nr\xff\xff\xff\xff")),
        "bytes of 2 ** 60": archive(whole(b"\x8e" + struct.pack("<Q", 2**60))),
        "a text of 5 MB": archive(whole(text("x" * 5 * MB))),
        "a hundred thousand parts": archive(checkpoint(number(1)), {f"{n}": b"" for n in range(120_000)}),
        "a set of a million sets": archive(
            whole(named("builtins", "set") + packed(listed(*[b"\x8f"] * MB)) + b"R")
        ),
    }
    made = {name: write(folder / f"{n}.pt", content) for n, (name, content) in enumerate(pickles.items())}
    changes: dict[str, tuple[Callable[[Any], object], dict[str, object]]] = {
        "names of megabytes": (lambda n: setattr(n, "names", ["y" * 900_000] * 5), {}),
        "a million classes": (lambda n: setattr(n, "names", ["y"] * 10**6), {}),
        "pictures of 20,000 pixels": (nothing, {"train_args": {"imgsz": 20_000}}),
        "pictures of 10 ** 9 pixels": (nothing, {"train_args": {"imgsz": 10**9}}),
        "pictures of -640 pixels": (nothing, {"train_args": {"imgsz": -640}}),
        "a layer of 7 GB by its padding": (lambda n: setattr(n.model[0].conv, "padding", (1000, 1000)), {}),
        "a layer of 7 GB by enlarging": (lambda n: setattr(n.model[4], "scale_factor", 512.0), {}),
        "a layer of 7 GB by its declaration": (lambda n: setattr(n.model[1].conv, "out_channels", 10**8), {}),
        "distances of 4 GB": (lambda n: setattr(n.model[10], "reg_max", 10**9), {}),
    }
    for name, (change, more) in changes.items():
        made[name] = with_network(folder / f"{len(made)}.pt", change, **more)
    return made


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read as Linux tells it")
def test_bombs_are_one_line_each_and_take_no_memory(tmp_path: Path) -> None:
    made = bombs(tmp_path)
    before = {path: path.read_bytes() for path in made.values()}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD, *map(str, made.values())],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    said = json.loads(ran.stdout)
    for name, path in made.items():
        words, code, peak, _ = said[str(path)]
        assert code == 2, (name, words)
        assert words.startswith(path.name), (name, words)
        assert WORDS[name] in words, (name, words)
        assert "\n" not in words
        assert len(words) < 400
        assert peak < MOST_KB, (name, peak)
        assert path.read_bytes() == before[path]
    assert len(list(tmp_path.iterdir())) == len(made)
