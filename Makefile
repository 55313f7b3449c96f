# Two commands: `make demo` shows what heatcam does, `make test` checks all of it. Both set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Windows, cameras, streams, encoders and whole programs: their tests wait for something to happen in time.
BY_THE_CLOCK := tests/live tests/sinks \
	$(foreach name,camera cameras decoder_process every_source live mjpeg outages rtsp screen served_by_ffmpeg,tests/sources/test_$(name).py) \
	$(foreach name,standard_input stream stream_clock,tests/sources/test_$(name).py) \
	$(foreach name,cameras interrupts live live_asking record record_safely secrets standard_input,tests/commands/test_$(name).py)
# Where this is set, each program that a test starts compiles heatcam anew (0.5 s), and each worker the tests themselves (10 s).
unexport PYTHONDONTWRITEBYTECODE
SOURCES := $(shell find heatcam -type f -not -name "*.pyc")
# grad-cam asks for opencv-python-headless, ultralytics for opencv-python; both fill the same folder. pip installs the one
# that opens windows last; should another installer have done otherwise, this mends it.
MEND_CV2 = $(BIN)/python -c "import cv2, sys; sys.exit(not cv2.currentUIFramework())" \
	|| $(BIN)/pip install --quiet --force-reinstall --no-deps opencv-python

.PHONY: help demo test soak processors bench train lint docs clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    heat maps over two photographs, sample pictures and the moving demo scene, into demo-out/"
	@echo "make test    every check: ruff, types, tests"
	@echo "make soak    the long runs that make test leaves out"
	@echo "make processors   the engine's tests as on other processors: instruction sets, threads, 20 seeds"
	@echo "make bench   how fast the picture is drawn; with MODEL=model.pt also everything else, beside ultralytics and grad-cam"
	@echo "make train   train the embedded model anew (over an hour)"

$(VENV)/python:
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 10))" || { echo "heatcam needs Python 3.10 or newer: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: pyproject.toml $(SOURCES) $(VENV)/python
	@echo "installing heatcam and what it needs into $(VENV): PyTorch is large, this takes minutes the first time"
	$(BIN)/pip install --quiet --disable-pip-version-check .
	@$(MEND_CV2)
	@rm -f $(VENV)/test-ready
	@touch $@

$(VENV)/test-ready: pyproject.toml $(VENV)/python
	@echo "installing heatcam, what it needs and the test tools into $(VENV): this takes minutes the first time"
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[test]"
	@$(MEND_CV2)
	@touch $@ $(VENV)/installed

demo: $(VENV)/installed
	@rm -rf demo-out
	@$(BIN)/python -m heatcam.sources.demo demo-out/samples
	@$(BIN)/heatcam snapshot demo-out/samples --model markers -o demo-out/
	@$(BIN)/heatcam snapshot $$($(BIN)/python -m heatcam.sources.demo --photographs) --conf 0.1 -o demo-out/
	@$(BIN)/heatcam record demo --seconds 10 -o demo-out/demo-scene.mp4
	@echo "Done: open demo-out/demo-scene.mp4 and the pictures in demo-out/; next, try: $(BIN)/heatcam live --source demo"

# Two tests at a time, with one thread each: more would wait for one another. Then what lives by the clock, likewise, but beside nothing
# that keeps the processor busy for long; schemathesis' plugin, which takes seconds to import, is for the service's document alone.
test: $(VENV)/test-ready
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not soak" -n 2 --dist loadfile tests $(addprefix --ignore=,$(BY_THE_CLOCK)); \
		first=$$?; OMP_NUM_THREADS=1 $(BIN)/python -m pytest -p no:schemathesis -m "not soak" -n 2 --dist loadfile $(BY_THE_CLOCK) && exit $$first

soak: $(VENV)/test-ready
	$(BIN)/python -m pytest -m soak

# An hour or more: the engine's tests with other networks and pictures, under each instruction set that this processor can stand in for.
processors: $(VENV)/test-ready
	$(BIN)/python -m tests.processors

bench: $(VENV)/test-ready
	$(BIN)/python benchmarks/draw.py
	@if [ -n "$(MODEL)" ]; then \
		$(BIN)/heatcam bench --model $(MODEL) && $(BIN)/python benchmarks/objects.py $(MODEL) \
		&& $(BIN)/python benchmarks/start.py $(MODEL) && $(BIN)/python benchmarks/memory.py $(MODEL); fi

train: $(VENV)/test-ready
	$(BIN)/pip install --quiet --no-deps -r training/requirements.txt
	@$(MEND_CV2)
	$(BIN)/python -m training

lint: $(VENV)/test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(VENV)/test-ready
	$(BIN)/python docs/write_commands.py
	$(BIN)/python docs/write_api.py
	$(BIN)/python docs/write_schema.py
	$(BIN)/python docs/make_pictures.py $(if $(MODEL),--coco $(MODEL))

clean:
	rm -rf $(VENV) demo-out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
