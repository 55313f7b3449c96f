"""Short tasks for the main process that need PyAV: list codecs, count a file's frames, join segments.

One line of JSON comes on standard input: ``{"errand": ..., ...}``; the answer, one line too, goes to standard output.
"""

from __future__ import annotations

import json
import os
import sys

from heatcam.sinks.encoder.segments import count, join
from heatcam.sinks.encoder.video_file import codecs_here
from heatcam.sinks.recording.messages import join_job_from, to_line


def main() -> None:
    """Do one task and end the process."""
    asked = json.loads(sys.stdin.buffer.readline())
    if asked["errand"] == "codecs":
        answer = json.dumps({"codecs": codecs_here()}).encode()
    elif asked["errand"] == "count":
        answer = to_line(count(asked["path"]))
    else:
        answer = to_line(join(join_job_from(json.dumps(asked["job"]).encode())))
    os.write(1, answer)
