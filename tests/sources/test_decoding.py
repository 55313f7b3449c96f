import io
import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from heatcam.errors import UnreadableInputError
from heatcam.sources.decoding import NotAPictureError, decode_picture, read_picture
from heatcam.sources.picture_formats import is_picture_file

RED, BLUE, GREEN = (220, 30, 30), (30, 30, 220), (30, 220, 30)  # RGB
LEFT, RIGHT, CORNER = (30, 15), (30, 45), (3, 3)  # row and column of a pixel in each


def pattern_rgb() -> np.ndarray:
    """40 x 60: red on the left, blue on the right, a green square in the top-left corner."""
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[:, :30], rgb[:, 30:], rgb[:8, :8] = RED, BLUE, GREEN
    return rgb


def pattern_bgr() -> np.ndarray:
    return np.ascontiguousarray(pattern_rgb()[..., ::-1])


def assert_is_pattern(image_bgr: np.ndarray, tolerance: int = 6) -> None:
    assert image_bgr.dtype == np.uint8
    assert image_bgr.shape == (40, 60, 3)
    assert image_bgr.flags.c_contiguous
    for at, rgb in ((LEFT, RED), (RIGHT, BLUE), (CORNER, GREEN)):
        np.testing.assert_allclose(image_bgr[at][::-1].astype(int), rgb, atol=tolerance)


def grey_of(rgb: tuple[int, int, int]) -> float:
    return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]


def assert_is_grey_pattern(image_bgr: np.ndarray) -> None:
    assert image_bgr.shape == (40, 60, 3)
    for at, rgb in ((LEFT, RED), (RIGHT, BLUE), (CORNER, GREEN)):
        np.testing.assert_allclose(image_bgr[at].astype(int), grey_of(rgb), atol=3)


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("a.jpg", "RGB", {"quality": 95}),
        ("progressive.jpg", "RGB", {"quality": 95, "progressive": True}),
        ("cmyk.jpg", "CMYK", {"quality": 95}),
        ("a.png", "RGB", {}),
        ("a.webp", "RGB", {"quality": 95}),
        ("lossless.webp", "RGB", {"lossless": True}),
        ("a.bmp", "RGB", {}),
        ("a.tif", "RGB", {}),
        ("lzw.tif", "RGB", {"compression": "tiff_lzw"}),
        ("jpeg.tif", "RGB", {"compression": "jpeg", "quality": 95}),
        ("cmyk.tif", "CMYK", {}),
        ("palette.png", "P", {}),
        ("palette.gif", "P", {}),
        ("palette.bmp", "P", {}),
        ("palette.tif", "P", {}),
        ("opaque.png", "RGBA", {}),
    ],
)
def test_every_format_shows_the_pattern_in_its_colours(tmp_path, name, mode, options):
    picture = Image.fromarray(pattern_rgb())
    picture = picture.quantize(16) if mode == "P" else picture.convert(mode)
    picture.save(tmp_path / name, **options)
    assert_is_pattern(read_picture(tmp_path / name))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_colour_is_scaled_to_8_bit(tmp_path, name):
    cv2.imwrite(str(tmp_path / name), pattern_bgr().astype(np.uint16) * 257)
    assert_is_pattern(read_picture(tmp_path / name), tolerance=1)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_is_scaled_not_clipped_to_white(tmp_path, name):
    grey = cv2.cvtColor(pattern_bgr(), cv2.COLOR_BGR2GRAY)
    cv2.imwrite(str(tmp_path / name), grey.astype(np.uint16) * 257)
    assert_is_grey_pattern(read_picture(tmp_path / name))


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("a.png", "L"),
        ("a.jpg", "L"),
        ("a.tif", "L"),
        ("a.bmp", "L"),
        ("a.webp", "L"),
        ("a.png", "LA"),
        ("a.tif", "LA"),
    ],
)
def test_grey_gives_three_equal_channels(tmp_path, name, mode):
    Image.fromarray(pattern_rgb()).convert("L").convert(mode).save(tmp_path / name)
    assert_is_grey_pattern(read_picture(tmp_path / name))


def test_float_tiff_takes_one_as_white(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tif"), pattern_bgr().astype(np.float32) / 255)
    assert_is_pattern(read_picture(tmp_path / "a.tif"), tolerance=1)


def wide_planes_tiff() -> bytes:
    """A 16-bit RGB TIFF whose red, green and blue lie one after the other (PlanarConfiguration 2), by hand."""
    planes = np.moveaxis(pattern_rgb().astype("<u2") * 257, -1, 0)
    pixels = planes.tobytes()
    plane_bytes, first_pixel = planes[0].nbytes, 8
    bits_at = first_pixel + len(pixels)
    offsets_at, counts_at, entries_at = bits_at + 6, bits_at + 18, bits_at + 30
    offsets = [first_pixel + plane_bytes * i for i in range(3)]
    entries = [
        *((256, 3, 1, 60), (257, 3, 1, 40), (258, 3, 3, bits_at), (259, 3, 1, 1), (262, 3, 1, 2)),
        *((273, 4, 3, offsets_at), (277, 3, 1, 3), (278, 3, 1, 40), (279, 4, 3, counts_at), (284, 3, 1, 2)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    tail = (
        struct.pack("<3H", 16, 16, 16) + struct.pack("<3I", *offsets) + struct.pack("<3I", *[plane_bytes] * 3)
    )
    return b"II*\x00" + struct.pack("<I", entries_at) + pixels + tail + directory + b"\0\0\0\0"


def test_16_bit_tiff_with_separate_planes_keeps_red_and_blue_apart(tmp_path):
    (tmp_path / "a.tif").write_bytes(wide_planes_tiff())
    assert_is_pattern(read_picture(tmp_path / "a.tif"), tolerance=1)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_colours_hidden_behind_transparency_do_not_show(tmp_path, name):
    rgba = np.dstack([pattern_rgb(), np.full((40, 60), 255, np.uint8)])
    rgba[:, 30:, 3] = 0
    Image.fromarray(rgba).save(tmp_path / name, **({"lossless": True} if name.endswith("webp") else {}))
    image = read_picture(tmp_path / name)
    assert tuple(image[RIGHT]) == (255, 255, 255)
    np.testing.assert_array_equal(image[LEFT][::-1], RED)


def test_half_transparent_is_half_white(tmp_path):
    rgba = np.dstack([pattern_rgb(), np.full((40, 60), 128, np.uint8)])
    Image.fromarray(rgba).save(tmp_path / "a.png")
    np.testing.assert_allclose(
        read_picture(tmp_path / "a.png")[LEFT][::-1].astype(int), (237, 142, 142), atol=2
    )


def test_transparent_palette_entry_and_transparent_colour_become_white(tmp_path):
    palette = Image.fromarray(pattern_rgb()).quantize(16)
    palette.save(tmp_path / "palette.png", transparency=palette.getpixel((50, 30)))
    Image.fromarray(pattern_rgb()).save(tmp_path / "colour.png", transparency=BLUE)
    for name in ("palette.png", "colour.png"):
        assert tuple(read_picture(tmp_path / name)[RIGHT]) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
def test_exif_orientation_is_undone(tmp_path, name, orientation):
    # What a camera held that way stores: each inverse, written out by hand, so that no library checks itself.
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: a.transpose(1, 0, 2)[::-1],
        7: lambda a: a.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda a: a.transpose(1, 0, 2)[:, ::-1],
    }[orientation](pattern_rgb())
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95} if name.endswith("jpg") else {"lossless": True} if name.endswith("webp") else {}
    Image.fromarray(np.ascontiguousarray(stored)).save(tmp_path / name, exif=exif, **options)
    assert_is_pattern(read_picture(tmp_path / name))


def test_16_bit_grey_is_turned_too(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = cv2.cvtColor(pattern_bgr(), cv2.COLOR_BGR2GRAY).astype(np.uint16) * 257
    Image.fromarray(np.ascontiguousarray(np.rot90(grey))).save(tmp_path / "a.png", exif=exif)
    assert_is_grey_pattern(read_picture(tmp_path / "a.png"))


def test_damaged_exif_does_not_cost_the_picture(tmp_path):
    Image.fromarray(pattern_rgb()).save(
        tmp_path / "a.jpg", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\xffgarbage"
    )
    assert_is_pattern(read_picture(tmp_path / "a.jpg"))


def test_names_outside_ascii_are_read(tmp_path):
    path = tmp_path / "Grüße 猫 🐈.png"
    Image.fromarray(pattern_rgb()).save(path)
    assert_is_pattern(read_picture(path))


def test_a_patched_image_open_is_not_needed(tmp_path, monkeypatch):
    """ultralytics puts its own function there, which tries to install packages for files that Pillow does not know."""
    (tmp_path / "a.png").write_text("no picture")
    monkeypatch.setattr(
        Image, "open", lambda *a, **k: pytest.fail("asked Pillow about something that is no picture")
    )
    with pytest.raises(UnreadableInputError, match="not a picture"):
        read_picture(tmp_path / "a.png")


def bomb_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("pillow_limit", [Image.MAX_IMAGE_PIXELS, None])
def test_a_decompression_bomb_is_refused_whatever_pillow_is_set_to(tmp_path, monkeypatch, pillow_limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillow_limit)
    (tmp_path / "a.png").write_bytes(bomb_png(100_000, 100_000))
    with pytest.raises(UnreadableInputError, match=r"more than 178 million pixels.*scale it down"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.png", b"", "is empty"),
        ("text.png", b"hello, I am a text file", "is not a picture"),
        ("missing.png", None, "there is no file"),
    ],
)
def test_what_is_no_picture_is_told_in_one_line(tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableInputError, match=says) as caught:
        read_picture(str(tmp_path) + "/" + name)
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value)


def test_a_folder_and_a_pipe_are_refused_at_once(tmp_path):
    with pytest.raises(UnreadableInputError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(UnreadableInputError, match="not a plain file"):
        read_picture("/dev/null")


def saved(name: str, folder: Path) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(folder / name)
    return (folder / name).read_bytes()


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tif"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_picture_is_an_error_not_a_half_grey_picture(tmp_path, name, part):
    whole = saved(name, tmp_path)
    (tmp_path / name).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(UnreadableInputError, match=r"damaged|cannot read"):
        read_picture(tmp_path / name)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "a.gif"])
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_bytes_give_a_picture_or_an_unreadable_input_error(tmp_path, name, data):
    whole = saved(name, tmp_path)
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for position, value in data.draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8)
    ):
        if position < len(damaged):
            damaged[position] = value
    (tmp_path / "damaged").write_bytes(damaged)
    try:
        image = read_picture(tmp_path / "damaged")
    except UnreadableInputError as error:
        assert "\n" not in str(error)
    else:
        assert image.dtype == np.uint8
        assert image.ndim == 3


def saved_as(path: Path, image_format: str, **options) -> Path:
    Image.fromarray(pattern_rgb()).save(path, image_format, **options)
    return path


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("AVIF", {"quality": 95}),
        ("HEIF", {"quality": 95}),
        ("JPEG2000", {}),
        ("MPO", {"quality": 95, "save_all": True, "append_images": [Image.new("RGB", (60, 40))]}),
        ("ICNS", {"append_images": []}),
        ("PCX", {}),
        ("PPM", {}),
        ("QOI", {}),
        ("SGI", {}),
        ("DDS", {}),
    ],
)
@pytest.mark.parametrize("name", ["right", "none", "wrong.png", "WRONG.JPG"])
def test_what_a_picture_is_its_content_says_and_not_its_name(tmp_path, image_format, options, name):
    if image_format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    if image_format == "ICNS":  # has squares only
        Image.fromarray(pattern_rgb()).resize((32, 32)).save(tmp_path / name, "ICNS")
        assert read_picture(tmp_path / name).shape[0] >= 32
        return
    image = read_picture(saved_as(tmp_path / name, image_format, **options))
    assert_is_pattern(image, tolerance=20 if image_format in ("HEIF", "AVIF", "MPO") else 6)


def photoshop_file() -> bytes:
    planes = np.moveaxis(pattern_rgb(), -1, 0)
    header = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 40, 60, 8, 3)
    return header + struct.pack(">III", 0, 0, 0) + b"\0\0" + planes.tobytes()


def sun_raster() -> bytes:
    return struct.pack(">8I", 0x59A66A95, 60, 40, 24, 60 * 40 * 3, 1, 0, 0) + pattern_bgr().tobytes()


@pytest.mark.parametrize("content", [photoshop_file(), sun_raster()], ids=["PSD", "SUN"])
def test_formats_that_pillow_only_reads_keep_their_colours(tmp_path, content):
    (tmp_path / "picture").write_bytes(content)
    assert_is_pattern(read_picture(tmp_path / "picture"))


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("image_format", ["AVIF", "HEIF"])
def test_phones_pictures_are_turned_once(tmp_path, image_format, orientation):
    """HEIC and AVIF say it in boxes of their own, and often in EXIF beside that."""
    if image_format == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stored = {3: lambda a: a[::-1, ::-1], 6: np.rot90, 8: lambda a: np.rot90(a, 3)}[orientation](
        pattern_rgb()
    )
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored)).save(
        tmp_path / "a", image_format, quality=95, exif=exif.tobytes()
    )
    if image_format == "HEIF":
        assert b"irot" in (tmp_path / "a").read_bytes()  # else only EXIF would be tried
    assert_is_pattern(read_picture(tmp_path / "a"), tolerance=20)


def test_a_missing_reader_is_one_line_with_the_command(tmp_path, monkeypatch):
    (tmp_path / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    with pytest.raises(
        UnreadableInputError, match=r"HEIF picture, which cannot be read here; pip install pi-heif"
    ):
        read_picture(tmp_path / "phone.jpg")


@pytest.mark.parametrize(
    "content",
    [
        b"BMW, Audi and others",
        b"P1 is the first of them",
        b"#define WIDTH 3",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        b"\0\0\1\xba" + bytes(60),
        b"RIFF\0\0\0\0WAVEfmt ",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_what_only_begins_like_a_picture_is_none(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert not is_picture_file(tmp_path / "file")
    with pytest.raises(UnreadableInputError, match="is not a picture"):
        read_picture(tmp_path / "file")


def raw_file(path: Path) -> Path:
    """As cameras write it: the first directory is a thumbnail, the sensor's pixels lie in another."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[254], info[330] = 1, 8
    Image.new("RGB", (16, 12)).save(path, "TIFF", tiffinfo=info)
    return path


def test_a_raw_file_is_never_explained_by_its_thumbnail(tmp_path):
    raw = raw_file(tmp_path / "a.nef")
    assert not is_picture_file(raw)
    with pytest.raises(UnreadableInputError, match="is a camera's raw file; export it as JPEG or TIFF"):
        read_picture(raw)


def test_32_bit_grey_is_scaled_by_its_brightest_sample_not_clipped(tmp_path):
    grey = cv2.cvtColor(pattern_bgr(), cv2.COLOR_BGR2GRAY).astype(np.int32)
    Image.fromarray(grey * 1_000_000).save(tmp_path / "a.tif")
    image = read_picture(tmp_path / "a.tif").astype(int)
    np.testing.assert_allclose(image[..., 0], np.rint(grey * 255 / grey.max()), atol=1)


def test_a_picture_taller_than_one_band_of_rows_comes_out_whole_and_turned(tmp_path):
    """More pixels than are converted at a time, of every kind that is converted in another way."""
    noise = np.random.default_rng(1).integers(0, 256, (900, 700, 3), np.uint8)
    wide = noise.astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(noise[..., ::-1]))).save(tmp_path / "turned.png", exif=exif)
    Image.fromarray(np.dstack([noise[..., ::-1], np.full((900, 700), 255, np.uint8)])).save(
        tmp_path / "rgba.png"
    )
    cv2.imwrite(str(tmp_path / "wide.png"), wide)
    cv2.imwrite(str(tmp_path / "wide_grey.png"), wide[..., 0])
    cv2.imwrite(str(tmp_path / "float.tif"), noise.astype(np.float32) / 255)
    for name in ("turned.png", "rgba.png", "wide.png", "float.tif"):
        np.testing.assert_array_equal(read_picture(tmp_path / name), noise, err_msg=name)
    grey = read_picture(tmp_path / "wide_grey.png")
    np.testing.assert_array_equal(grey, np.repeat(noise[..., :1], 3, axis=2))


def test_bytes_are_decoded_as_a_file_is(tmp_path: Path) -> None:
    file, exif = tmp_path / "a.jpg", Image.Exif()
    exif[0x0112] = 6  # on its side
    Image.effect_noise((64, 48), 80).convert("RGB").save(file, exif=exif)
    assert decode_picture(file.read_bytes(), "it").shape == (64, 48, 3)
    assert (decode_picture(file.read_bytes(), "it") == read_picture(file)).all()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", NotAPictureError, "^it is empty; "),
        (b"%PDF-1.7 and so on", NotAPictureError, "^it is not a picture; give a JPEG"),
        (b"\x89PNG\r\n\x1a\n and nothing more", UnreadableInputError, "^it is a damaged or truncated PNG"),
    ],
)
def test_bytes_that_are_no_picture_are_told_from_damaged_ones(
    data: bytes, error: type[UnreadableInputError], words: str
) -> None:
    with pytest.raises(UnreadableInputError, match=words) as told:
        decode_picture(data, "it")
    assert type(told.value) is error


def test_bytes_have_a_limit_of_pixels_that_is_checked_before_they_are_decoded() -> None:
    data = io.BytesIO()
    Image.new("1", (1500, 1000)).save(data, "PNG")
    cut_off = data.getvalue()[:60]  # (decoding would say that)
    for most, words in ((1_499_999, r"more than 1 million pixels \(1500x1000\)"), (999, "more than 999 pix")):
        with pytest.raises(UnreadableInputError, match=words):
            decode_picture(cut_off, "it", most)
    assert decode_picture(data.getvalue(), "it", 1_500_000).shape == (1000, 1500, 3)
