"""Animations and paged pictures play as films: every frame, for its own time."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image

from heatcam.errors import UnreadableInputError
from heatcam.sources.animations import AnimationSource
from heatcam.sources.decoding import read_picture
from heatcam.sources.images import ImageSource
from heatcam.sources.opening import open_source
from heatcam.sources.options import CaptureOptions
from tests.sources.numbered import number_in, numbered_picture

MS = [100, 40, 500, 40, 250, 30]
STARTS_S = [0, 0.1, 0.14, 0.64, 0.68, 0.93]
TIMED = ["a.gif", "a.webp", "a.png", "a.avif"]


def pictures(count):
    return [Image.fromarray(numbered_picture(number)[..., ::-1].copy()) for number in range(count)]


def animated(path, durations=MS, **options):
    first, *others = pictures(len(durations))
    if path.suffix == ".avif" and not Image.core:
        pytest.skip("this Pillow writes no AVIF")
    lossless = {"lossless": True} if path.suffix == ".webp" else {}
    first.save(path, save_all=True, append_images=others, duration=durations, **lossless, **options)
    return path


@pytest.mark.parametrize("name", TIMED)
def test_every_frame_comes_once_and_at_its_own_time(tmp_path, name):
    with open_source(str(animated(tmp_path / name, loop=0))) as source:
        assert isinstance(source, AnimationSource)
        frames = list(source)
        assert (source.frame_count, source.size_wh) == (6, (160, 96))
        assert source.duration_s == pytest.approx(0.96)
        assert source.fps == pytest.approx(6 / 0.96)
    assert [number_in(frame.image_bgr) for frame in frames] == list(range(6))
    assert [frame.pts_s for frame in frames] == pytest.approx(STARTS_S)
    assert [frame.frame_index for frame in frames] == list(range(6))
    assert source.shortfall() == ""


def test_a_frame_without_a_duration_is_shown_as_long_as_players_show_it(tmp_path):
    with open_source(str(animated(tmp_path / "a.gif", [0] * 4))) as source:
        assert [frame.pts_s for frame in source] == pytest.approx([0, 0.1, 0.2, 0.3])


def test_pages_of_a_tiff_play_at_the_rate_asked_for(tmp_path):
    first, *others = pictures(5)
    first.save(tmp_path / "pages.tif", save_all=True, append_images=others)
    for fps, step_s in ((None, 0.04), (10, 0.1)):
        with open_source(str(tmp_path / "pages.tif"), CaptureOptions(fps=fps)) as source:
            assert source.accepts_rate
            frames = list(source)
        assert [number_in(frame.image_bgr) for frame in frames] == list(range(5))
        assert frames[1].pts_s == pytest.approx(step_s)


@pytest.mark.parametrize("name", ["one.gif", "one.webp", "one.png", "one.tif", "one.jpg"])
def test_a_file_with_one_picture_stays_a_picture(tmp_path, name):
    pictures(1)[0].save(tmp_path / name)
    assert isinstance(open_source(str(tmp_path / name)), ImageSource)


def test_smaller_copies_in_a_tiff_are_no_pages(tmp_path):
    first = pictures(1)[0]
    first.save(tmp_path / "map.tif", save_all=True, append_images=[first.resize((80, 48))])
    assert isinstance(open_source(str(tmp_path / "map.tif")), ImageSource)


def test_the_picture_for_others_in_an_apng_is_not_part_of_it(tmp_path):
    shown = pictures(3)
    grey = Image.new("RGB", (160, 96), "grey")
    grey.save(tmp_path / "a.png", save_all=True, default_image=True, append_images=shown, duration=50)
    with open_source(str(tmp_path / "a.png")) as source:
        assert [number_in(frame.image_bgr) for frame in source] == [0, 1, 2]


@pytest.mark.parametrize("name", TIMED[:3])
def test_it_goes_to_any_time_and_plays_again(tmp_path, name):
    with open_source(str(animated(tmp_path / name))) as source:
        frames = iter(source)
        for to_s, number in ((0.66, 4), (0.1, 1), (5, 5), (0, 0), (0.14, 2)):
            source.seek(to_s)
            assert number_in(next(frames).image_bgr) == number
        assert len(list(frames)) == 3
        source.seek(0)
        assert [number_in(frame.image_bgr) for frame in itertools.islice(source, 6)] == list(range(6))


def test_one_that_is_cut_off_gives_what_it_has_and_says_so(tmp_path):
    path = animated(tmp_path / "a.gif")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    with open_source(str(path)) as source:
        numbers = [number_in(frame.image_bgr) for frame in source]
    assert numbers == list(range(len(numbers)))
    assert 1 <= len(numbers) < 6


def test_snapshots_take_the_first_picture(tmp_path):
    assert number_in(read_picture(animated(tmp_path / "a.gif"))) == 0


def test_nonsense_behind_a_signature_is_one_line(tmp_path):
    (tmp_path / "a.gif").write_bytes(b"GIF89a" + bytes(100))
    with pytest.raises(UnreadableInputError) as caught, open_source(str(tmp_path / "a.gif")) as source:
        list(source)
    assert "\n" not in str(caught.value)
