"""Nothing is sent anywhere: every command that loads something runs with all sockets refused, and asks for none.

One child process runs them all, because loading torch and OpenVINO takes seconds. What it starts itself (encoder, display probe)
refuses sockets too: Python runs ``sitecustomize`` in each of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import cv2

from heatcam.cli.app import app
from tests.bench.tiny import CONF, IMGSZ, PICTURE, tiny_checkpoint
from tests.sinks.x_server import environment, x_server
from tests.web.live_fakes import until

ROOT = Path(__file__).parents[2]
#: Written before anything else runs: look-ups, connections and datagrams are noted and refused, but for sockets of this machine.
REFUSE_SOCKETS = """
import os, sys

def refuse(event, arguments):
    if event not in ("socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    where = arguments[-1] if event.startswith(("socket.connect", "socket.send")) else arguments[:2]
    asks = event.startswith("socket.get")
    if asks and where[0] in ("127.0.0.1", b"127.0.0.1"):  # (a number: nobody is asked)
        return
    if asks or isinstance(where, tuple):  # (a path is a socket of this machine)
        with open(os.environ["ASKED_FILE"], "a") as asked:
            print(event, where, sys.argv[:1], file=asked)
        raise OSError("refused by the test")

sys.addaudithook(refuse)
"""
RUN_ALL = """
import contextlib, json, os, sys, time
from heatcam.cli.app import app

codes = []
for words in json.loads(os.environ["COMMANDS"]):
    try:
        app(words)
    except SystemExit as end:
        codes.append(end.code)
time.sleep(1)  # senders work in threads of their own
json.dump(codes, open(os.environ["CODES_FILE"], "w"))
"""
#: What never loads a network; and what has a test of its own.
LOADS_NOTHING = {"recover"}
HAVE_THEIR_OWN = {"live", "serve"}


def commands_in(folder: Path) -> list[list[str]]:
    """Every command, with the least that makes it do its work."""
    photo, clip = str(folder / "photo.png"), str(folder / "clip.mp4")
    cv2.imwrite(photo, PICTURE)
    rules = folder / "evidence.yaml"
    rules.write_text('all: {energy_in_box: ">= 0"}')
    tiny = ["--imgsz", str(IMGSZ), "--conf", str(CONF), "--device", "cpu"]
    model = ["--model", str(tiny_checkpoint(folder, "tiny"))]
    bench = [
        "--runs",
        "1",
        "--warmup",
        "0",
        "--only",
        "forward",
        "--only",
        "ultralytics",
        "--only",
        "grad-cam",
    ]
    return [
        ["cameras"],
        ["doctor"],
        ["methods"],
        ["models"],
        ["layers", model[1]],
        ["snapshot", photo, *model, *tiny, "--backend", "openvino", "-o", str(folder / "out.png")],
        ["snapshot", photo, "-o", str(folder / "markers.png"), "--npz"],
        ["redraw", str(folder / "markers.png.npz"), "-o", str(folder / "redrawn.png")],
        [
            "compare",
            photo,
            *model,
            *tiny,
            "--method",
            "live",
            "--method",
            "gradcam",
            "-o",
            str(folder / "compared.png"),
        ],
        ["stats", photo, *model, *tiny, "-o", str(folder / "report.html")],
        ["batch", photo, *model, *tiny, "-o", str(folder / "maps")],
        ["export", model[-1], "--format", "openvino", "--size", "96x64", "-o", str(folder / "heat_openvino")],
        [
            "drift",
            "demo",
            *model,
            *tiny,
            "--max-frames",
            "30",
            "--block",
            "0.1",
            "--learn",
            str(folder / "base.json"),
        ],
        [
            "missed",
            photo,
            *model,
            *tiny,
            "--at",
            "8,8,40,40",
            "--class",
            "0",
            "-o",
            str(folder / "missed.png"),
        ],
        ["cover", photo, *model, *tiny, "--at", "8,8,40,40", "-o", str(folder / "cover.png")],
        ["audit", photo, *model, *tiny, "-o", str(folder / "audit")],
        ["check", str(rules), "--audit", str(folder / "audit")],
        ["record", "demo", *model, *tiny, "--max-frames", "2", "-o", clip],
        ["bench", photo, *model, *tiny, *bench],
        ["eval", photo, *model, *tiny, "--most", "1", "--json", str(folder / "eval.json")],
    ]


def run_all(folder: Path, commands: list[list[str]], env: dict[str, str]) -> tuple[list[int], str]:
    """Exit codes of the commands, and what was asked of the network, a line each."""
    (folder / "sitecustomize.py").write_text(REFUSE_SOCKETS)
    asked, codes, home = folder / "asked.txt", folder / "codes.json", folder / "home"
    home.mkdir(exist_ok=True)
    asked.unlink(missing_ok=True)
    env = {name: value for name, value in env.items() if name not in {"CI", "TF_BUILD", "JENKINS_URL"}}
    env |= {"ASKED_FILE": str(asked), "CODES_FILE": str(codes), "COMMANDS": json.dumps(commands)}
    env |= {
        "HOME": str(home),
        "HEATCAM_CACHE_DIR": str(folder / "cache"),
        "HEATCAM_CONFIG_DIR": str(folder / "config"),
    }
    env["PYTHONPATH"] = os.pathsep.join([str(folder), str(ROOT)])
    run = subprocess.run(
        [sys.executable, "-c", RUN_ALL],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert codes.is_file(), run.stderr
    return json.loads(codes.read_text()), asked.read_text() if asked.is_file() else ""


WINDOW = ["live", "--source", "demo", "--imgsz", "64", "--backend", "openvino", "--max-frames", "3"]


def test_no_command_asks_the_network_for_anything(tmp_path: Path) -> None:
    """The window is the first of them, where there is a display for it."""
    commands = commands_in(tmp_path)
    if shutil.which("Xvfb"):
        with x_server() as display:
            codes, asked = run_all(tmp_path, [WINDOW, *commands], environment(display))
        assert codes.pop(0) == 0
    else:
        codes, asked = run_all(tmp_path, commands, dict(os.environ))
    done = {" ".join(words[:2]): code for words, code in zip(commands, codes, strict=True)}
    assert {done.pop("cameras"), done.pop("doctor")} <= {0, 1}  # 1 where there is no camera, no display
    assert set(done.values()) == {0}, done
    assert asked == ""
    left = {str(path.relative_to(tmp_path / "home")).lower() for path in (tmp_path / "home").rglob("*")}
    assert not {path for path in left if "intel" in path or "ultralytics" in path}  # nor is an id kept


def test_the_service_asks_the_network_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(REFUSE_SOCKETS)
    env = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "ASKED_FILE": str(tmp_path / "asked.txt"),
    }
    command = [
        sys.executable,
        "-m",
        "heatcam",
        "serve",
        "--port",
        "0",
        "--backend",
        "torch",
        "--device",
        "cpu",
    ]
    with subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as service:
        try:
            address = service.stdout.readline().strip()
            until(lambda: get(f"{address}live")["phase"] == "running", 60)
        finally:
            service.terminate()
    assert not (tmp_path / "asked.txt").exists()


def get(address: str) -> dict[str, Any]:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def test_every_command_is_among_those_that_are_run(tmp_path: Path) -> None:
    listed = {words[0] for words in commands_in(tmp_path)} | HAVE_THEIR_OWN
    registered = {command.name or command.callback.__name__ for command in app.registered_commands}
    assert registered == listed | LOADS_NOTHING


def test_the_sockets_of_a_child_are_refused(tmp_path: Path) -> None:
    """The guard itself: a look-up is noted and refused."""
    (tmp_path / "sitecustomize.py").write_text(REFUSE_SOCKETS)
    code = "import urllib.request; urllib.request.urlopen('http://example.org', timeout=5)"
    env = {**os.environ, "PYTHONPATH": str(tmp_path), "ASKED_FILE": str(tmp_path / "asked.txt")}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "refused by the test" in run.stderr
    assert "example.org" in (tmp_path / "asked.txt").read_text()
