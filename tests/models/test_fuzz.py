"""Checkpoints changed at random: each loads or is one line, nobody is asked, no file changes, and memory stays bounded.

What is changed: bytes and whole instructions of the pickle inside an archive that is otherwise right (so that no checksum stops
it), numbers in the weights, attributes of layers, the archive itself, and files of the older format.
"""

from __future__ import annotations

import copy
import functools
import io
import pickletools
import random
import re
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from heatcam.errors import ModelError
from heatcam.models.loading import load_model
from tests.models.pickles import archive, write
from tests.nets import fresh_network
from tests.query_nets import query_network

MOST_GROWN_MB = 700


@functools.cache
def seeds() -> tuple[bytes, ...]:
    """Files that load: three networks in today's format, one in the older one."""
    made = []
    for network, more in (
        (fresh_network("tiny", fused=False), {}),
        (fresh_network("tiny"), {}),
        (query_network(), {}),
        (fresh_network("tiny", fused=False), {"_use_new_zipfile_serialization": False}),
    ):
        buffer = io.BytesIO()
        torch.save({"model": network, "ema": None, "train_args": {"imgsz": 128}, "epoch": 3}, buffer, **more)
        made.append(buffer.getvalue())
    return tuple(made)


def parts_of(content: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The pickle and the storages of an archive."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        inside = {name.partition("/")[2]: file.read(name) for name in file.namelist()}
    return inside["data.pkl"], {
        name.removeprefix("data/"): part for name, part in inside.items() if name.startswith("data/")
    }


def with_other_bytes(content: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, left out, or put in."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        at = chance.randrange(len(changed) or 1)
        kind = chance.randrange(3)
        if kind == 0 and changed:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            del changed[at : at + chance.choice((1, 1, 4, 100))]
        else:
            changed[at:at] = chance.randbytes(chance.choice((1, 1, 4, 9)))
    return bytes(changed)


def with_other_instructions(pickle: bytes, chance: random.Random) -> bytes:
    """Instructions exchanged, left out, doubled or given other numbers: most still make a whole pickle."""
    starts = [at for _, _, at in pickletools.genops(pickle)]
    pieces = [pickle[a:b] for a, b in zip(starts, [*starts[1:], len(pickle)], strict=True)]
    for _ in range(chance.choice((1, 1, 2, 4))):
        one, other = (chance.randrange(1, len(pieces) - 1) for _ in range(2))
        kind = chance.randrange(5)
        if kind == 0:
            pieces[one], pieces[other] = pieces[other], pieces[one]
        elif kind == 1:
            pieces[one] = b""
        elif kind == 2:
            pieces[one] = pieces[one] + pieces[other]
        elif kind == 3:
            numbers = [n for n, piece in enumerate(pieces) if piece[:1] in (b"K", b"M", b"J")]
            value = chance.choice((0, -1, 1, 7, 255, 2**16, 2**31 - 1, -(2**31)))
            pieces[chance.choice(numbers)] = b"J" + struct.pack("<i", value)
        else:
            pieces[one] = chance.choice(
                (b"N", b"}", b"]", b")", b"\x88", b"\x89", b"\x8f", b"G" + b"\x7f\xf8" + bytes(6))
            )
    return b"".join(pieces)


def with_other_weights(storages: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    """One storage with other numbers, or of another size."""
    key = chance.choice(list(storages))
    return storages | {key: with_other_bytes(storages[key], chance)}


def with_other_attributes(chance: random.Random) -> bytes:
    """A network in which parts have other attributes than their class gives them."""
    network = copy.deepcopy(chance.choice((fresh_network("tiny", fused=False), query_network())))
    parts = list(network.modules())
    for _ in range(chance.choice((1, 1, 2, 6))):
        part, other = chance.choice(parts), chance.choice(parts)
        own = chance.choice((*[vars(part)] * 3, part._modules, part._buffers, part._parameters))
        names = [name for name in own if "hook" not in name]
        values = (
            None, True, 0, -1, 3, 10**9, 0.5, float("nan"), "x", [], [-1, 2], (2, 2), {}, torch.ones(3), torch.ones(()),
            torch.nn.Parameter(torch.ones(2, 3)), other, chance.choice(list(vars(other).values())),
        )  # fmt: skip
        if names:
            own[chance.choice(names)] = chance.choice(values)
    buffer = io.BytesIO()
    torch.save({"model": network, "train_args": {"imgsz": 128}}, buffer)
    return buffer.getvalue()


def changed(number: int) -> bytes:
    """The file of this number: always the same."""
    chance = random.Random(number)
    *modern, older = seeds()
    whole = chance.choice(modern)
    pickle, storages = parts_of(whole)
    return chance.choice(
        (
            lambda: with_other_bytes(whole, chance),
            lambda: older[: chance.randrange(len(older))],
            lambda: with_other_bytes(older[:6000], chance) + older[6000:],
            lambda: archive(pickle, with_other_weights(storages, chance)),
            lambda: archive(pickle[: chance.randrange(len(pickle))], storages),
            lambda: archive(with_other_bytes(pickle, chance), storages),
            *[lambda: archive(with_other_instructions(pickle, chance), storages)] * 4,
            *[lambda: with_other_attributes(chance)] * 5,
        )
    )()


def status_kb(name: str) -> int:
    """A line of Linux' account of this process; 0 elsewhere."""
    path = Path("/proc/self/status")
    found = re.search(rf"{name}:\s*(\d+)", path.read_text()) if path.is_file() else None
    return int(found[1]) if found else 0


def forget_peak() -> None:
    """Let Linux count the peak anew, where it may be asked to."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("the peak of memory cannot be counted anew here")


def load_all(numbers: range, folder: Path) -> tuple[int, int]:
    """Load each changed file; how many loaded, and how many were refused."""
    path, loaded = folder / "yolo11n.pt", 0  # (an official name, in the current folder)
    for number in numbers:
        content = changed(number)
        write(path, content)
        try:
            load_model(path.name)
            loaded += 1
        except ModelError as error:
            said = str(error)
            assert error.exit_code == 2, (number, said)
            assert said.startswith("yolo11n.pt "), (number, said)
            assert len(said.splitlines()) == 1, (number, said)
            assert len(said) < 500, (number, said)
        except Exception as error:
            raise AssertionError(f"file {number} ends in {type(error).__name__}") from error
        assert path.read_bytes() == content, number
        assert [file.name for file in folder.iterdir()] == [path.name], number
    return loaded, len(numbers) - loaded


def check_all(numbers: range, folder: Path) -> None:
    load_all(range(2), folder)  # (what is made once is not counted)
    forget_peak()
    before = status_kb("VmHWM")
    loaded, refused = load_all(numbers, folder)
    assert (
        min(loaded, refused) > len(numbers) // 50
    )  # some of each: the changes are neither all deadly nor all harmless
    assert status_kb("VmHWM") - before < 1000 * MOST_GROWN_MB


def test_the_files_that_are_changed_load_as_they_are(tmp_path: Path) -> None:
    for content in seeds():
        assert load_model(str(write(tmp_path / "whole.pt", content))).imgsz == 128


@pytest.mark.usefixtures("alone")
def test_two_hundred_changed_files_load_or_are_one_line(tmp_path: Path) -> None:
    check_all(range(200), tmp_path)


@pytest.mark.soak
@pytest.mark.usefixtures("alone")
def test_two_thousand_changed_files_load_or_are_one_line(tmp_path: Path) -> None:
    check_all(range(200, 2200), tmp_path)
