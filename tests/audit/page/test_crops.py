"""Crops beside the page: mistakes first, each under its object's number."""

from __future__ import annotations

from pathlib import Path

import pytest

from heatcam.audit import write_crops
from heatcam.audit.sprites import with_places
from heatcam.errors import SinkError
from tests.audit.page.made_up import made_up_objects, made_up_parts, table_of


def test_each_crop_is_named_by_its_objects_number(tmp_path: Path) -> None:
    table = table_of(made_up_objects(120))
    assert write_crops(tmp_path / "crops", table, made_up_parts) == 120
    assert sorted(path.name for path in (tmp_path / "crops").iterdir()) == [
        f"{n:06d}.jpg" for n in range(1, 121)
    ]
    assert (tmp_path / "crops" / "000001.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_where_there_are_too_many_mistakes_come_first(tmp_path: Path) -> None:
    table = table_of(made_up_objects(120))
    write_crops(tmp_path, table, made_up_parts, most=10)
    first = with_places(table).sort("sheet", "cell").head(10)["number"].to_list()
    assert {path.name for path in tmp_path.iterdir()} == {f"{n:06d}.jpg" for n in first}


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "crops").write_text("")
    with pytest.raises(SinkError, match="cannot make the folder"):
        write_crops(tmp_path / "crops", table_of(made_up_objects(3)), made_up_parts)
