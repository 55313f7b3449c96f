"""The house keeps its plan: arrows that must never exist, lint, types, sizes, and commands that the docs show."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "heatcam"
MODULES = sorted(PACKAGE.rglob("*.py"))


def door_of(room: str) -> dict[str, str]:
    """The names that a room hands out, and the module in the room that each comes from; empty for a room without a door."""
    stub = PACKAGE / room / "__init__.pyi"
    if not stub.is_file():
        return {}
    lines = [node for node in ast.parse(stub.read_text("utf-8")).body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or alias.name for node in lines for alias in node.names}


DOORS = {path.parent.name: door_of(path.parent.name) for path in PACKAGE.glob("*/__init__.py")}


@functools.cache
def imports_of(path: Path) -> set[str]:
    """Every module that a file imports anywhere, also inside functions, as dotted names; through doors, what lies behind them."""
    found: set[str] = set()
    package = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], base]
                ).rstrip(".")
            found.add(base)
            door = DOORS.get(base.removeprefix("heatcam."), {}) if base.count(".") == 1 else {}
            found.update(f"{base}.{door.get(alias.name, alias.name)}" for alias in node.names)
    return found


def within(names: set[str], *roots: str) -> set[str]:
    return {name for name in names if any(name == root or name.startswith(f"{root}.") for root in roots)}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


NEVER = [
    # rooms or files, what they must never import
    (
        ("measures", "overlay", "views", "report", "audit", "web", "sinks", "smoothing", "live"),
        ("torch", "ultralytics", "torchvision"),
    ),
    (
        ("comparison",),
        (
            *("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.sources", "heatcam.sinks", "heatcam.overlay", "heatcam.smoothing", "heatcam.live"),
        ),
    ),
    (  # what explains a tile is handed in
        ("tiling",),
        (
            *("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.live", "heatcam.commands", "heatcam.cli", "heatcam.face", "heatcam.pipeline"),
        ),
    ),
    (  # what scores a picture is handed in
        ("perturbation",),
        (
            *("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.sources", "heatcam.sinks", "heatcam.overlay", "heatcam.evaluation", "heatcam.live"),
        ),
    ),
    (  # what a model predicts is handed in: the window asks as the command line does
        ("probing",),
        (
            *("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.sources", "heatcam.sinks", "heatcam.overlay", "heatcam.smoothing", "heatcam.live"),
        ),
    ),
    (
        ("live",),
        ("heatcam.engine", "heatcam.saliency", "heatcam.models", "heatcam.commands", "heatcam.tracking"),
    ),
    (("overlay", "sinks", "sources", "smoothing", "engine", "saliency", "pipeline"), ("heatcam.live",)),
    (("measures", "evaluation", "overlay"), ("heatcam.smoothing",)),  # numbers are of raw maps
    (("smoothing", "saliency", "evaluation", "tracking", "measures"), ("heatcam.overlay",)),
    (
        ("measures",),
        (
            "heatcam.engine",
            "heatcam.saliency",
            "heatcam.models",
            "heatcam.sources",
            "heatcam.sinks",
            "heatcam.live",
        ),
    ),
    (
        ("tracking",),
        ("heatcam.engine", "heatcam.saliency", "heatcam.models", "heatcam.overlay", "heatcam.sinks"),
    ),
    (
        ("frames", "geometry", "samples", "measures", "errors", "enums"),
        ("torch", "heatcam.engine", "heatcam.saliency", "heatcam.overlay"),
    ),
    (
        ("frames", "geometry", "samples", "measures", "errors", "enums"),
        ("heatcam.sources", "heatcam.sinks", "heatcam.models", "heatcam.pipeline"),
    ),
    (("errors", "enums", "text"), ("heatcam",)),
    (
        ("doctor",),  # tells where these cannot be imported
        ("torch", "cv2", "numpy", "ultralytics", "openvino", "av", "heatcam.engine", "heatcam.saliency"),
    ),
    (("saliency",), ("cv2", "matplotlib", "heatcam.overlay", "heatcam.sinks", "heatcam.sources")),
    (("sources", "engine"), ("heatcam.overlay", "heatcam.sinks", "heatcam.views")),
    (  # in memory, whoever asks: a file, a page, Python
        ("views",),
        (
            "heatcam.sinks",
            "heatcam.sources",
            "heatcam.engine",
            "heatcam.saliency",
            "heatcam.models",
            "heatcam.live",
        ),
    ),
    (  # what explains is handed in
        ("web",),
        (
            *("heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.commands", "heatcam.cli", "heatcam.face", "heatcam.tracking"),
        ),
    ),
    (("live", "sinks", "sources", "views", "measures", "pipeline", "frames"), ("heatcam.web",)),
    (("overlay", "sinks", "measures", "live"), ("heatcam.views",)),
    (  # Python's users come from above, as the command line's do
        (
            "views",
            "measures",
            "sinks",
            "sources",
            "saliency",
            "engine",
            "tracking",
            "frames",
            "pipeline",
            "live",
        ),
        ("heatcam.face",),
    ),
    (("face",), ("heatcam.commands", "heatcam.live", "heatcam.cli", "heatcam.pipeline")),
    (("sources",), ("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models")),
    (("engine", "models"), ("heatcam.saliency", "heatcam.commands")),
    (("bench",), ("heatcam.commands", "heatcam.sinks", "heatcam.pipeline")),
    (
        ("report",),
        ("heatcam.commands", "heatcam.sinks", "heatcam.sources", "heatcam.pipeline", "heatcam.models"),
    ),
    (("report", "audit"), ("heatcam.smoothing",)),  # numbers are of raw maps
    (  # it is called by a trainer, in whose process no window, page or command runs
        ("watching",),
        (
            *("heatcam.live", "heatcam.web", "heatcam.commands", "heatcam.cli", "heatcam.face"),
            *("heatcam.pipeline", "heatcam.smoothing", "heatcam.tracking", "heatcam.evaluation"),
        ),
    ),
    (("engine", "saliency", "models", "overlay", "views", "sinks", "measures"), ("heatcam.watching",)),
    (  # other engines run it, on machines without a terminal; the model is loaded by saliency, in a function
        ("batch",),
        (
            *("torch", "ultralytics", "heatcam.commands", "heatcam.cli", "heatcam.live"),
            *("heatcam.web", "heatcam.face", "heatcam.pipeline"),
        ),
    ),
    (  # (the page draws maps in overlay's colours)
        ("audit",),
        (
            *("heatcam.engine", "heatcam.saliency", "heatcam.models", "heatcam.live", "heatcam.web"),
            *("heatcam.commands", "heatcam.cli", "heatcam.pipeline"),
        ),
    ),
    (  # a file that others run without torch: so does its reader
        ("exported",),
        (
            *(
                "torch",
                "ultralytics",
                "heatcam.engine",
                "heatcam.saliency",
                "heatcam.models",
                "heatcam.exporting",
            ),
            *("heatcam.sources", "heatcam.sinks", "heatcam.overlay", "heatcam.commands", "heatcam.cli"),
        ),
    ),
    (  # only predictions are known here (torch runs one kind of file: see below)
        ("blackbox",),
        (
            *("ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models", "heatcam.exporting"),
            *("heatcam.sinks", "heatcam.overlay", "heatcam.web", "heatcam.live", "heatcam.evaluation"),
            *("heatcam.commands", "heatcam.cli", "heatcam.pipeline"),
        ),
    ),
    (  # it writes networks: what runs them, draws and asks is above it
        ("exporting",),
        (
            "heatcam.sinks",
            "heatcam.overlay",
            "heatcam.live",
            "heatcam.commands",
            "heatcam.cli",
        ),
    ),
    (  # blocks and bets: what explains, reads and shows is above it
        ("drift",),
        (
            *("torch", "ultralytics", "heatcam.engine", "heatcam.saliency", "heatcam.models"),
            *("heatcam.sources", "heatcam.sinks", "heatcam.overlay", "heatcam.smoothing", "heatcam.live"),
            *("heatcam.report", "heatcam.web", "heatcam.commands", "heatcam.cli", "heatcam.pipeline"),
        ),
    ),
    (
        ("evaluation",),
        ("heatcam.commands", "heatcam.sinks", "heatcam.sources", "heatcam.overlay", "heatcam.pipeline"),
    ),
    (
        ("pipeline",),
        (
            "heatcam.sources",
            "heatcam.sinks",
            "heatcam.saliency",
            "heatcam.engine",
            "heatcam.overlay",
            "torch",
        ),
    ),
]


@pytest.mark.parametrize(("rooms", "never"), NEVER, ids="+".join)
def test_arrows_that_must_never_exist(rooms: tuple[str, ...], never: tuple[str, ...]) -> None:
    broken = {
        str(path.relative_to(ROOT)): bad
        for path in MODULES
        if room(path) in rooms and (bad := within(imports_of(path), *never))
    }
    assert broken == {}


def test_every_room_of_these_rules_is_there() -> None:
    """A rule for a room that was renamed would hold for ever."""
    named = {name for rooms, _ in NEVER for name in rooms}
    named |= {target.split(".")[1] for _, never in NEVER for target in never if target.startswith("heatcam.")}
    assert named - {room(path) for path in MODULES} - NOT_BUILT_YET == set()


NOT_BUILT_YET = {"web"}

#: What a room may reach through another one, and why.
REACHED_ON_PURPOSE = {
    ("batch", "torch"): "saliency loads the model, in a function",
    ("batch", "ultralytics"): "as torch",
    ("saliency", "cv2"): "geometry resizes pictures with it",
    ("saliency", "heatcam.sources"): "the embedded model is calibrated on pictures of the demo scene",
    ("evaluation", "heatcam.sources"): "it loads models, the embedded one among them",
    ("doctor", "cv2"): "sinks.display imports it where there is a display, in a function",
}


def modules() -> dict[str, Path]:
    """Every module of heatcam by its dotted name."""
    named = {}
    for path in MODULES:
        parts = path.relative_to(ROOT).with_suffix("").parts
        named[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return named


def imported_modules(imports: set[str], known: Collection[str]) -> set[str]:
    """Those of ``known`` that are imported, by their own name or by that of something in them."""
    found = set()
    for name in imports:
        own = name
        while own and own not in known:
            own = own.rpartition(".")[0]
        found.add(own)
    return found - {"", "heatcam"}


def way_to(start: str, targets: tuple[str, ...], imports: dict[str, set[str]]) -> list[str]:
    """The shortest chain of imports from a module to one of the targets; empty where there is none."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop(0)
        if hit := within(imports[way[-1]], *targets):
            return [*way, min(hit)]
        for name in sorted(imported_modules(imports[way[-1]], imports.keys()) - seen):
            seen.add(name)
            ways.append([*way, name])
    return []


@pytest.mark.parametrize(("rooms", "never"), NEVER, ids="+".join)
def test_arrows_that_must_not_exist_through_others_either(
    rooms: tuple[str, ...], never: tuple[str, ...]
) -> None:
    imports = {name: imports_of(path) for name, path in modules().items()}
    ways = [
        way
        for name, path in modules().items()
        if room(path) in rooms
        for target in never
        if (room(path), target) not in REACHED_ON_PURPOSE and (way := way_to(name, (target,), imports))
    ]
    assert ways == []


def test_the_reader_of_ways_follows_them_through_others() -> None:
    """The gate itself."""
    imports = {"a": {"b.f"}, "b": {"c"}, "c": {"torch.nn", "a"}, "d": {"numpy"}}
    assert way_to("a", ("torch",), imports) == ["a", "b", "c", "torch.nn"]
    assert way_to("d", ("torch",), imports) == []


def test_no_modules_import_each_other_in_a_circle_and_no_rooms_do() -> None:
    """Imports inside functions and for types count too."""
    imports = {name: imports_of(path) for name, path in modules().items()}
    of_modules = {
        name: imported_modules(names, imports.keys()) - {name, *packages_of(name)}
        for name, names in imports.items()
    }
    tuple(TopologicalSorter(of_modules).static_order())  # (raises CycleError, which names them)
    of_rooms: dict[str, set[str]] = {}
    for name, names in of_modules.items():
        own = name.split(".")[1:2]
        of_rooms.setdefault("".join(own), set()).update(other.split(".")[1] for other in names)
    tuple(TopologicalSorter({own: others - {own} for own, others in of_rooms.items()}).static_order())


#: Rooms of which some modules are doors themselves: one for each thing of a kind, so that one more needs no line elsewhere.
OPEN_ROOMS = {
    "commands": {
        *(
            "audit",
            "batch",
            "bench",
            "cameras",
            "check",
            "compare",
            "cover",
            "doctor",
            "drift",
            "evaluation",
            "export",
            "layers",
            "live",
            "methods",
        ),
        *("missed", "models", "record", "recover", "redraw", "serve", "snapshot", "stats"),
    }
}


def test_rooms_are_entered_by_their_doors_only() -> None:
    """Others import the names that a room hands out (``__init__.pyi``), never its modules."""
    broken = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            entered = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            entered += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in entered:
                other, _, inside = name.removeprefix("heatcam.").partition(".")
                is_deep = name.startswith("heatcam.") and other != room(path) and bool(inside)
                if is_deep and inside not in OPEN_ROOMS.get(other, ()):
                    broken[f"{path.relative_to(ROOT)}:{node.lineno}"] = name
    assert broken == {}


def test_a_door_hands_out_nothing_that_nobody_asks_for() -> None:
    """Names of doors are used in another room, or are public, or are what docs and benchmarks measure with."""
    outside = [
        *MODULES,
        *(path for name in ("benchmarks", "docs", "training") for path in (ROOT / name).glob("*.py")),
    ]
    # As text: programs that run in a process of their own stand in strings.
    imported = re.compile(r"from heatcam\.(\w+) import (\([^)]*\)|[^\n#]*)")
    asked = {
        (name, word)
        for path in outside
        for name, words in imported.findall(path.read_text("utf-8"))
        for word in re.findall(r"\w+", words)
    }
    handed_out = {(name, own) for name, door in DOORS.items() for own in door}
    assert handed_out - asked == set()


def test_every_name_of_every_door_opens() -> None:
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1].split():\n"
        "    room = importlib.import_module(name)\n"
        "    for own in room.__all__: getattr(room, own)\n"
    )
    names = " ".join(f"heatcam.{name}" for name, door in DOORS.items() if door)
    done = subprocess.run(
        [sys.executable, "-c", code, names], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_contributing_names_every_room() -> None:
    plan = (ROOT / "CONTRIBUTING.md").read_text("utf-8").split("```text")[1].split("```")[0]
    rooms = {room(path) + ("/" if path.parent != PACKAGE else ".py") for path in MODULES}
    missing = {name for name in rooms - {"__init__.py", "__main__.py"} if f" {name} " not in plan}
    assert missing == set()


#: The 26th is ``views``: pages and tiles are no business of ``overlay``, which the window draws its frames with. The 27th is
#: ``report``, what is accumulated over a whole run, for one command: ``measures`` are of single maps. The 28th is
#: ``comparison``: what two explanations of one picture have in common is neither a number of one map nor drawing. The 29th is
#: ``face``, what Python's users hold: no room below it may know the explainer, the files and the pictures at once.
#: The 30th is ``web``: requests, who may send them, and a server know nothing of windows and files.
#: It stands on ``live``, as the window does, and ``commands`` puts it together: the tenth floor.
#: The 31st is ``probing``: why a box is missing, and what a cover changes, are asked of what was not kept; ``measures`` knows
#: maps and kept boxes alone.
#: The 32nd is ``audit``: labels, what matches them, and a store of all objects of a data set, for one command; ``report`` is of
#: runs without labels, in memory.
#: The 33rd is ``perturbation``: which pixels a trial shows, and what its score says of them, know neither network nor evaluation.
#: The 34th is ``watching``: a trainer's callbacks know its weights, maps and files at once, and nothing of commands.
#: The 35th is ``drift``: blocks of time against a baseline over weeks, with a state that outlives the program; ``report`` is of
#: one run, and tests nothing.
#: The 36th and 37th are ``exporting`` and ``exported``: an explained network as one graph, with torch, and the reader of such
#: files, which works where no torch is.
#: The 38th is ``batch``: rows of paths to rows of findings, for whatever engine runs it; it reads, explains and writes, and knows
#: neither terminal nor command line.
#: The 39th is ``blackbox``: models of which only the predictions are known, files of other programs and services; ``exported``
#: reads what heatcam wrote itself, with its maps, and ``models`` knows networks.
#: The 40th is ``samples``: what a network reads of a picture that is not 8-bit colours: frames carry it, the letterbox
#: resizes it. It lies below both, which is the eleventh floor.
#: The 41st is ``tiling``: it reads, plans, merges, stitches and writes what is never in memory at once; all other rooms hold
#: whole pictures.
MOST_ROOMS, MOST_FLOORS = 41, 11


def test_the_plan_stays_one_that_fits_into_a_head() -> None:
    """Rooms and single modules of the package, and how many of them lie above one another."""
    imports = {name: imported_modules(imports_of(path), modules()) for name, path in modules().items()}
    above: dict[str, set[str]] = {}
    for name, others in imports.items():
        own = "".join(name.split(".")[1:2])
        above.setdefault(own, set()).update({other.split(".")[1] for other in others} - {own})
    floors: dict[str, int] = {}
    for name in TopologicalSorter(above).static_order():
        floors[name] = 1 + max((floors[other] for other in above[name]), default=0)
    assert len(floors) <= MOST_ROOMS, sorted(floors)
    assert max(floors.values()) <= MOST_FLOORS, floors


def packages_of(name: str) -> list[str]:
    """The packages that a module lies in: they are loaded before it anyhow."""
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


@pytest.mark.parametrize(
    ("library", "only_room"),
    [
        ("typer", "cli"),
        ("zxingcpp", "sources"),
        ("matplotlib", "evaluation"),
        ("scipy", "evaluation"),
        ("supervision", "face"),
        ("jinja2", "report"),
    ],
)
def test_some_libraries_are_known_in_one_room_only(library: str, only_room: str) -> None:
    users = {room(path) for path in MODULES if within(imports_of(path), library)}
    assert users == {only_room}


def test_torch_is_known_only_to_the_engine_saliency_models_and_tracking() -> None:
    users = {
        room(path) for path in MODULES if within(imports_of(path), "torch", "ultralytics", "torchvision")
    }
    assert users - {"bench", "watching", "exporting", "blackbox"} == {
        "engine",
        "saliency",
        "models",
        "tracking",
    }


def test_black_boxes_know_torch_in_the_one_runtime_that_is_torchs() -> None:
    users = {
        path.name
        for path in MODULES
        if room(path) == "blackbox" and within(imports_of(path), "torch", "ultralytics", "torchvision")
    }
    assert users == {"torchscript.py"}


def test_watching_knows_torch_where_it_keeps_a_trainings_state_and_writes_tensorboards_file() -> None:
    """It is handed ultralytics' trainer, and imports nothing of it."""
    users = {
        path.name
        for path in MODULES
        if room(path) == "watching" and within(imports_of(path), "torch", "ultralytics", "torchvision")
    }
    assert users == {"undisturbed.py", "tensorboard.py"}


def test_tracking_knows_ultralytics_in_one_file_that_is_loaded_only_when_somebody_tracks() -> None:
    users = [
        path.name
        for path in MODULES
        if room(path) == "tracking" and within(imports_of(path), "ultralytics", "torch")
    ]
    assert users == ["association.py"]
    code = "import sys, heatcam.tracking; assert not {'torch', 'ultralytics'} & set(sys.modules)"
    assert run_python(code).returncode == 0


def test_the_bench_knows_torch_and_the_rivals_in_as_few_files_as_can_be() -> None:
    """Others' code can be measured only by calling it: in one file. The threads that it changes are torch's: in another."""

    def users(*libraries: str) -> set[str]:
        return {
            path.name for path in MODULES if room(path) == "bench" and within(imports_of(path), *libraries)
        }

    assert users("torch") == {"machine.py", "rivals.py"}
    assert users("ultralytics", "pytorch_grad_cam", "torchvision") == {"rivals.py"}


def test_only_saliency_and_the_bench_know_grad_cam() -> None:
    users = {room(path) for path in MODULES if within(imports_of(path), "pytorch_grad_cam")}
    assert users == {"saliency", "bench"}


def test_nothing_but_the_commands_knows_the_bench() -> None:
    users = {room(path) for path in MODULES if within(imports_of(path), "heatcam.bench")}
    assert users == {"bench", "commands", "cli"}


def test_nothing_but_the_commands_knows_the_evaluation() -> None:
    users = {room(path) for path in MODULES if within(imports_of(path), "heatcam.evaluation")}
    assert users == {"evaluation", "commands", "cli"}


def test_only_the_viewer_shows_windows_and_reads_keys() -> None:
    def calls_windows(path: Path) -> bool:
        tree = ast.parse(path.read_text("utf-8"))
        names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        return bool(names & {"imshow", "waitKey", "waitKeyEx", "namedWindow", "pollKey"})

    assert [path.name for path in MODULES if calls_windows(path)] == ["viewer.py"]


@pytest.mark.parametrize("place", ["sinks.encoder", "sources.decoder"])
def test_av_is_never_imported_in_the_process_with_the_window(place: str) -> None:
    """The encoder's and the decoder's rooms alone know it, and nobody outside knows those: they run in processes of their own."""
    rooms = [PACKAGE / "sinks" / "encoder", PACKAGE / "sources" / "decoder"]
    inside = PACKAGE.joinpath(*place.split("."))
    assert [path.name for path in MODULES if path.parent == inside and within(imports_of(path), "av")]
    others = [path for path in MODULES if path.parent not in rooms]
    assert [path.name for path in others if within(imports_of(path), "av")] == []
    outside = [path for path in MODULES if path.parent != inside]
    assert [path.name for path in outside if within(imports_of(path), f"heatcam.{place}")] == []


def test_the_decoders_process_does_not_know_cv2() -> None:
    code = "import sys, heatcam.sources.decoder.child; assert 'cv2' not in sys.modules"
    assert run_python(code).returncode == 0


#: Words of a private language that have a field's own word instead: what each of them was called before.
METAPHORS = (
    *("belt", "shelf", "seam", "patience", "complaint", "complaints", "leftover", "leftovers", "lettering"),
    *("forgetful", "mending", "second look", "wants_of", "pull_back"),
)


def test_the_house_speaks_the_fields_language() -> None:
    """No metaphor in a name, a docstring or a comment."""
    said = {
        (str(path.relative_to(ROOT)), word)
        for path in MODULES
        for word in METAPHORS
        if re.search(rf"(?<![a-z]){word}(?![a-z])", path.read_text("utf-8"), re.IGNORECASE)
    }
    assert said == set()


#: First words that hide the verb or the noun of a docstring.
HIDING = "What|How|Whether|Where|Which|When|Who|That|Everything|All|Those|It|So|If|Is|Has"


def test_docstrings_open_with_a_verb_or_a_noun() -> None:
    hidden = {
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}": text.splitlines()[0]
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        if (text := ast.get_docstring(node)) and re.match(rf"({HIDING})\b", text)
    }
    assert hidden == {}


def test_no_class_name_has_two_meanings() -> None:
    """A class may have the name of the one that it extends, as ``heatcam.Explanation`` does: it is one."""
    named = Counter(
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not extends_its_name(node)
    )
    assert [name for name, count in named.items() if count > 1] == []


def extends_its_name(node: ast.ClassDef) -> bool:
    """True for ``class A(module.A)``."""
    return any(isinstance(base, ast.Attribute) and base.attr == node.name for base in node.bases)


def test_the_import_reader_sees_what_it_must(tmp_path: Path) -> None:
    """The gate itself: imports inside functions and by ``from`` are seen."""
    file = PACKAGE / "overlay" / "__made_up__.py"
    code = "def f():\n    from torch import nn\n    import ultralytics.nn\n"
    tree_file = tmp_path / "x.py"
    tree_file.write_text(code)
    names = {n for node in ast.walk(ast.parse(code)) for n in _names(node)}
    assert within(names, "torch", "ultralytics") == {"torch", "ultralytics.nn"}
    assert not file.exists()


def _names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {node.module or ""} if isinstance(node, ast.ImportFrom) else set()


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


def test_ruff_finds_nothing() -> None:
    result = run("ruff", "check", ".")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_code_is_formatted() -> None:
    result = run("ruff", "format", "--check", ".")
    assert result.returncode == 0, result.stdout + result.stderr


def test_types_hold_strictly() -> None:
    result = run("mypy")
    assert result.returncode == 0, result.stdout + result.stderr


USERS_SCRIPT = """
from collections.abc import Iterator
from pathlib import Path

import heatcam
import numpy as np
import numpy.typing as npt
from PIL import Image

model = heatcam.load("markers", conf=0.3)
image: npt.NDArray[np.uint8] = np.zeros((48, 64, 3), np.uint8)
found = model.explain(image)
model.explain(Path("a.png")), model.explain(Image.new("L", (64, 48)), conf=0.1)
pictures: Iterator[heatcam.Explanation] = model.explain_many([image, "a.png"], on_error="skip")
names: list[str] = [one.class_name for one in found.findings().detections]
heat: npt.NDArray[np.uint8] = found.render("heatmap", colormap="viridis")
text: str = found.to_json(images=("overlay",))
drawn: Image.Image = heatcam.annotate(Image.new("RGB", (64, 48)), found)
boxes: npt.NDArray[np.float32] = found.detections.boxes_xyxy
method: str = found.facts.method


def strongest(source: str) -> Iterator[tuple[float, str]]:
    for explanation in model.stream(source, with_object_maps=True):
        yield explanation.frame.pts_s, explanation.detections.class_names[0]


# What is not so is told: an ignored error that is none would be one itself.
wrong: int = found.render()  # type: ignore[assignment]
model.explain(3)  # type: ignore[arg-type]
model.explain_many([image], on_error="ignore")  # type: ignore[arg-type]
found.save(1)  # type: ignore[arg-type]
"""


def test_a_users_script_is_typed_strictly(tmp_path: Path) -> None:
    """Beside the other test of types, so that mypy has read torch already."""
    script = tmp_path / "script.py"
    script.write_text(USERS_SCRIPT)
    result = run("mypy", "--strict", str(script))
    assert result.returncode == 0, result.stdout + result.stderr


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        path.name: count for path in MODULES if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['heatcam', '--help']\n"
        "from heatcam.cli.program import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'ultralytics', 'cv2', 'numpy', 'av', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = run_python(code)
    assert result.returncode == 0, result.stderr


def test_the_installed_cv2_can_open_windows() -> None:
    code = "import cv2; print(cv2.currentUIFramework())"
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert shown, "headless OpenCV won: pip install --force-reinstall --no-deps opencv-python"


def test_nothing_committed_is_a_pickle_or_large() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    assert not [f.name for f in files if f.suffix in {".pt", ".pth", ".pkl", ".pickle", ".onnx"}]
    assert not {f.name: f.stat().st_size for f in files if f.stat().st_size > 6_000_000}
