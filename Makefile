# SPDX-License-Identifier: Apache-2.0
# Thin aliases of the commands that CI runs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build
PHOTOGRAPH ?= chelsea
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all lint fmt sim bench clean lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(VENV)/.done ## make .venv with firebrick and its tools in it

$(VENV)/.done: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

run: setup $(BUILD)/squeezenet1.1.quant.onnx ## classify a photograph with SqueezeNet v1.1 in simulated hardware
	$(BIN)/firebrick verify $(BUILD)/squeezenet1.1.quant.onnx $(PHOTOGRAPH) --engines rtl

$(BUILD)/%.quant.onnx: $(BUILD)/%.onnx
	$(BIN)/firebrick quantize $< -o $@

$(BUILD)/squeezenet1.1.onnx: | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import squeezenet1.1 -o $@

test: setup ## fast tests
	$(PYTEST)

test-all: setup ## fast and slow tests
	$(PYTEST) -m ""

lint: setup ## ruff, mypy, verible, verilator -Wall
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) -q tests/test_lint_hw.py

fmt: setup ## format Python
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

sim: setup ## only the operator benches in Verilator
	$(PYTEST) tests/ops tests/stream

bench: setup ## measure cycles, efficiency, memory and SQNR of both networks: docs/results.md
	$(BIN)/python -m firebrick.report docs/results.md

lock: setup ## resolve the pinned versions anew (needs uv)
	uv pip compile pyproject.toml --extra dev --extra models --generate-hashes \
	  --python-version 3.11 --no-header -o requirements.lock

clean: ## remove what was built; cached simulators stay in the user's cache folder
	rm -rf $(BUILD) $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
