"""Processors are told apart by name and by what they can do."""

from __future__ import annotations

from pathlib import Path

from heatcam.runtime.cpuinfo import processor, processor_features

INTEL = "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu avx2 amx_bf16\n\nprocessor\t: 1\nmodel name\t: another\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"


def written(folder: Path, text: str) -> Path:
    path = folder / f"cpuinfo{len(list(folder.iterdir()))}"
    path.write_text(text)
    return path


def test_the_first_core_is_what_counts(tmp_path: Path) -> None:
    cpuinfo = written(tmp_path, INTEL)
    assert processor(cpuinfo).startswith("Some Xeon ")
    assert processor_features(cpuinfo) == {"fpu", "avx2", "amx_bf16"}
    assert processor(written(tmp_path, ARM)).startswith("0x41 0xd0c ")


def test_the_same_name_with_fewer_instructions_is_another_processor(tmp_path: Path) -> None:
    """Virtual machines hide some."""
    less = INTEL.replace(" amx_bf16", "")
    assert processor(written(tmp_path, INTEL)) != processor(written(tmp_path, less))
    assert processor(written(tmp_path, INTEL)) == processor(written(tmp_path, INTEL))


def test_where_there_is_no_such_file_it_still_has_a_name(tmp_path: Path) -> None:
    assert len(processor(tmp_path / "none").split()) >= 2
    assert processor_features(tmp_path / "none") == frozenset()
