"""Bodies of requests: under their limits whatever their headers say, in memory, in forms and alone."""

from __future__ import annotations

import asyncio
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from heatcam.web.problems import Problem
from heatcam.web.settings import UploadLimits
from heatcam.web.uploads import Bodies, Upload

LIMITS = UploadLimits(most_bytes=1000, waiting_s=0.2, queue_length=0)
BOUNDARY = "edge"


class Sending:
    """A request whose body comes in pieces; ``read`` counts those that were taken."""

    def __init__(self, pieces: list[bytes], ends: str = "http.request", **headers: str) -> None:
        self.pieces, self.ends, self.read = list(pieces), ends, 0
        names = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.request = Request({"type": "http", "method": "POST", "headers": names}, self.receive)

    async def receive(self) -> dict[str, Any]:
        if self.read < len(self.pieces):
            self.read += 1
            return {"type": "http.request", "body": self.pieces[self.read - 1], "more_body": True}
        if self.ends == "never":
            await asyncio.Event().wait()
        return {"type": self.ends, "body": b"", "more_body": False}


def upload_of(sending: Sending) -> Upload:
    return asyncio.run(Bodies(LIMITS).read_upload(sending.request))


def refused(sending: Sending) -> Problem:
    with pytest.raises(Problem) as problem:
        upload_of(sending)
    return problem.value


def form(*parts: tuple[str, bytes], end: bytes = b"--\r\n") -> bytes:
    """A form of parts with a ``Content-Disposition`` and data each."""
    bodies = [
        f"--{BOUNDARY}\r\nContent-Disposition: {about}\r\n\r\n".encode() + data + b"\r\n"
        for about, data in parts
    ]
    return b"".join(bodies) + f"--{BOUNDARY}".encode() + end


def sent(body: bytes, **headers: str) -> Sending:
    kind = {"content_type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Sending([body], **kind | headers)


def test_a_whole_body_is_the_picture_whatever_its_type_says() -> None:
    assert upload_of(Sending([b"ab", b"", b"c"], content_type="text/html")) == Upload(b"abc")
    assert upload_of(Sending([b"abc"])) == Upload(b"abc")


def test_a_body_up_to_the_limit_is_read_and_a_larger_one_refused_as_soon_as_it_is() -> None:
    assert len(upload_of(Sending([b"x" * 500] * 2)).data) == 1000
    sending = Sending([b"x" * 400] * 50)
    problem = refused(sending)
    assert problem.status == 413 and "larger than 0.001 MB" in problem.detail
    assert sending.read == 3  # the third piece was one too many


@pytest.mark.parametrize("stated", ["1", "0", "", "many", "9" * 5000, "-7"])
def test_a_stated_length_that_is_a_lie_changes_nothing(stated: str) -> None:
    assert refused(Sending([b"x" * 400] * 50, content_length=stated)).status == 413
    assert upload_of(Sending([b"abc"], content_length=stated)).data == b"abc"


def test_a_stated_length_over_the_limit_is_refused_unread() -> None:
    sending = Sending([b"x"] * 9, content_length="1001")
    assert refused(sending).status == 413 and sending.read == 0


def test_a_form_may_be_a_little_larger_than_its_picture_but_the_picture_may_not() -> None:
    assert len(upload_of(sent(form(('form-data; name="file"', b"x" * 1000)))).data) == 1000
    assert refused(sent(form(('form-data; name="file"', b"x" * 1001)))).status == 413
    assert refused(sent(form(('form-data; name="other"', b"x" * 9000)))).status == 413


def test_the_field_named_file_is_the_picture_among_others() -> None:
    body = form(
        ('form-data; name="note"', b"hello"),
        ('form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg', b"\r\n--edg\r\npixels\r\n"),
        ('form-data; name="file"; filename="b.jpg"', b"second"),
    )
    assert upload_of(sent(body)) == Upload(b"\r\n--edg\r\npixels\r\n", "a.jpg")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\photos\\\\a.png", "a.png"),
        ("\x1b[31ma\u202e.png", "\\x1b[31ma\\u202e.png"),
        ("x" * 900, "x" * 200),
        ("", ""),
    ],
)
def test_names_of_strangers_have_no_folders_and_nothing_that_a_terminal_obeys(given: str, shown: str) -> None:
    assert upload_of(sent(form((f'form-data; name="file"; filename="{given}"', b"x")))).name == shown


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (form(('form-data; name="picture"', b"x")), "has no field 'file'"),
        (form(), "has no field 'file'"),
        (b"", "is cut off"),
        (b"no form at all", "is damaged"),
        (form(('form-data; name="file"', b"x"), end=b""), "is cut off"),
        (form(*[('form-data; name="a"', b"x")] * 20), "more than 16 parts"),
    ],
    ids=["other field", "empty", "nothing", "text", "cut off", "many parts"],
)
def test_damaged_forms_are_refused_with_a_next_step(body: bytes, words: str) -> None:
    problem = refused(sent(body))
    assert problem.status == 422 and words in problem.detail and "send the picture" in problem.detail


def test_a_form_without_a_boundary_is_refused() -> None:
    assert refused(sent(form(), content_type="multipart/form-data")).status == 422


@settings(max_examples=60)
@given(st.binary(max_size=300), st.integers(0, 200), st.integers(0, 40))
def test_no_form_however_mutilated_is_more_than_a_problem(noise: bytes, at: int, cut: int) -> None:
    body = form(('form-data; name="file"; filename="a"', b"data"))
    try:
        upload_of(sent(body[:at] + noise + body[at + cut :]))
    except Problem as problem:
        assert problem.status in (413, 422)


@settings(max_examples=30)
@given(st.binary(max_size=900).filter(lambda data: b"\r\n--edge" not in data))
def test_bytes_come_through_a_form_as_they_are(data: bytes) -> None:
    assert upload_of(sent(form(('form-data; name="file"', data)))).data == data


def test_a_body_that_does_not_end_is_given_up() -> None:
    problem = refused(Sending([b"x"], ends="never"))
    assert problem.status == 408 and "0.2 s" in problem.detail


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_problem_of_ours() -> None:
    with pytest.raises(ClientDisconnect):
        upload_of(Sending([b"x"], ends="http.disconnect"))


def test_too_many_bodies_at_the_same_time_are_refused() -> None:
    async def tried() -> int:
        bodies = Bodies(LIMITS)
        slow = [asyncio.create_task(bodies.read(Sending([b"x"], ends="never").request)) for _ in range(4)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as problem:
            await bodies.read(Sending([b"x"]).request)
        await asyncio.gather(*slow, return_exceptions=True)
        assert await bodies.read(Sending([b"x"]).request) == b"x"
        return problem.value.status

    assert asyncio.run(tried()) == 429


def test_nothing_is_written_to_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, fails)
    large = UploadLimits(most_bytes=4_000_000)
    body = form(('form-data; name="file"; filename="a"', b"x" * 3_000_000))
    assert len(asyncio.run(Bodies(large).read_upload(sent(body).request)).data) == 3_000_000


def test_bodies_that_come_in_at_the_same_time_share_a_limit_of_bytes_and_give_it_back() -> None:
    """Each of a hundred clients stays one byte under its own limit, and never ends."""

    async def run() -> tuple[list[int], bytes]:
        bodies = Bodies(UploadLimits(most_bytes=1000, waiting_s=0.5, queue_length=99))
        sending = [Sending([b"x" * 999], ends="never") for _ in range(100)]

        async def read(one: Sending) -> int:
            try:
                await bodies.read(one.request)
            except Problem as problem:
                return problem.status
            return 200

        statuses = await asyncio.gather(*map(read, sending))
        return statuses, await bodies.read(Sending([b"later"]).request)

    statuses, later = asyncio.run(run())
    assert statuses.count(408) == 6 and statuses.count(429) == 94
    assert later == b"later"
