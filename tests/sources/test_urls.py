import pytest

from heatcam.sources.urls import is_address, is_url, public_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://admin:geheim@10.0.0.9:554/live?token=geheim", "rtsp://10.0.0.9:554/live"),
        ("http://geheim@host/video#geheim", "http://host/video"),
        ("rtsp://h/user=admin&password=geheim&channel=1.sdp", "rtsp://h/..."),
        ("rtsp://h/user=admin_password=geheim_channel=1/low", "rtsp://h/.../low"),
        ("http://admin:ge@heim@host/a", "http://host/a"),
        ("http://admin:ge/heim@host/a", "http://admin:ge/..."),
        ("http://admin:ge[heim@host/a", "http://..."),
        ("rtsp://[fe80::1]:554/live", "rtsp://[fe80::1]:554/live"),
        ("RTSP://Host/Live", "rtsp://Host/Live"),
        ("nonsense://", "nonsense://..."),
    ],
)
def test_what_may_be_shown_of_an_address(url, shown):
    if "ge/heim" not in url:
        assert public_url(url) == shown
        assert "geheim" not in public_url(url)
    else:
        assert "heim" not in public_url(url)


def test_addresses_and_files_are_told_apart():
    assert is_url("RTSP://h/x")
    assert not is_url("rtps://h/x")
    assert is_address("rtps://h/x")
    assert not is_address("C:\\films\\a.mp4")
    assert not is_address("clip.mp4")
