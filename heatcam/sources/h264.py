"""Check for interlaced H.264: one bit of the sequence parameter set tells whether a video can hold interlaced frames.

ITU-T H.264, 7.3.2.1.1. FFmpeg only tells of frames that it has decoded, and broadcasts switch between the two kinds.
"""

from __future__ import annotations

from collections.abc import Iterator

_SPS = 7
_WITH_CHROMA_FORMAT = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}


def only_whole_frames(extradata: bytes) -> bool:
    """Return True if all sequence parameter sets in ``extradata`` (``avcC`` or Annex B) exclude fields; False without any."""
    found = [_frame_mbs_only(unit) for unit in _units(extradata) if unit and unit[0] & 31 == _SPS]
    return bool(found) and all(found)


def _units(extradata: bytes) -> Iterator[bytes]:
    """Yield the NAL units, without their start codes or lengths."""
    if extradata[:1] == b"\x01":
        position = 6
        for _ in range(extradata[5] & 31 if len(extradata) > 5 else 0):
            size = int.from_bytes(extradata[position : position + 2], "big")
            yield extradata[position + 2 : position + 2 + size]
            position += 2 + size
    else:
        yield from extradata.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("the parameter set is cut off")
        return (self._value >> self._left) & ((1 << count) - 1)

    def unsigned(self) -> int:
        """Read an unsigned Exp-Golomb code, ``ue(v)``."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """Read a signed Exp-Golomb code, ``se(v)``."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _frame_mbs_only(unit: bytes) -> bool:
    try:
        return _parse(_Bits(unit[1:].replace(b"\0\0\3", b"\0\0")))
    except ValueError:
        return False


def _parse(bits: _Bits) -> bool:
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()  # seq_parameter_set_id
    if profile in _WITH_CHROMA_FORMAT:
        _skip_chroma(bits)
    bits.unsigned()  # log2_max_frame_num_minus4
    order = bits.unsigned()
    if order == 0:
        bits.unsigned()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(bits.unsigned()):
            bits.signed()
    bits.unsigned()  # max_num_ref_frames
    bits.take(1)
    bits.unsigned()  # width
    bits.unsigned()  # height
    return bool(bits.take(1))


def _skip_chroma(bits: _Bits) -> None:
    chroma_format = bits.unsigned()
    if chroma_format == 3:
        bits.take(1)
    bits.unsigned()  # bit depths
    bits.unsigned()
    bits.take(1)
    if not bits.take(1):
        return
    for index in range(12 if chroma_format == 3 else 8):
        if bits.take(1):
            _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last
