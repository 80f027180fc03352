# SPDX-License-Identifier: Apache-2.0
# Thin aliases of the commands that CI runs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build
PHOTOGRAPHS ?= chelsea coffee
NET ?= ../shared/models/compressed_SqueezeNet.net
# Installed for the data files it carries, photographs; never imported.
DATA_PACKAGES := foolbox==3.3.4
# A Deep Compression file is measured as well where there is one.
MODELS := $(BUILD)/squeezenet1.1.quant.onnx \
  $(if $(wildcard $(NET)),$(BUILD)/squeezenet1.0.quant.onnx)
# What counts or builds: yosys, nextpnr, or a vendor's tool where it is installed (vivado, vitis for
# Alveo cards, vitis_hls for the C++).
TOOL ?= yosys
# What it takes: a quantized model, planned for a board of `firebrick boards`. Plans know no ECP5, so
# for nextpnr a small model is planned for a number of multipliers.
ifeq ($(TOOL),nextpnr)
BOARD ?= ulx3s-85f
MODEL ?= $(BUILD)/fashion_fire.quant.onnx
GOAL ?= --multipliers 24
endif
BOARD ?= zcu104
MODEL ?= $(BUILD)/squeezenet1.1.quant.onnx
GOAL ?= --board $(BOARD)
# A folder a tool, so that none removes another's hours of work.
SYNTH := $(BUILD)/synth-$(basename $(notdir $(BOARD)))$(if $(filter-out yosys,$(TOOL)),-$(TOOL))
# Tools that say in one line whether they are there; Yosys is in the environment.
CHECK := $(filter vivado vitis vitis_hls nextpnr,$(TOOL))
PYTEST := $(BIN)/python -m pytest
# Whole runs share out the tests; each process begins in another part of the suite.
SHARED_OUT := -n 2 --dist worksteal
# What `make mutants` is to try: a regular expression on area/name, and a part such as 1/4.
ONLY ?=
PART ?=
# C++ by hand; what is generated is as wide as its tables.
CPP := $(shell find hls sim/shell tests -name '*.h' -o -name '*.hpp' -o -name '*.cpp')

# Scripts of the environment have the folder's path in a shell's quotes; make splits at blanks.
$(foreach x,$$ " ` \,$(if $(findstring $x,$(CURDIR)),\
  $(error $(CURDIR): has a $x, which scripts of $(VENV) do not take: move the clone)))
$(foreach x,MODEL BOARD NET,$(if $(word 2,$($x)),\
  $(error $x=$($x): has a blank, which make does not take: give a path without)))

.DEFAULT_GOAL := help
.PHONY: help setup run test test-all lint fmt sim hostile accuracy registers formal mutants mutants-table csim
.PHONY: synth bench clean lock

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

# Nothing but wheels: none has a build script that would run. Firebrick itself is built with the
# hatchling of the lock, SqueezeNet's weights are taken out of a source archive that is not run.
setup: $(VENV)/.done ## make .venv with firebrick and its tools in it

$(VENV)/.done: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m firebrick.weights_package
	@touch $@

run: setup $(BUILD)/squeezenet1.1.quant.onnx ## classify a photograph with SqueezeNet v1.1 in simulated hardware
	$(BIN)/firebrick verify $(BUILD)/squeezenet1.1.quant.onnx $(PHOTOGRAPHS) --engines rtl

$(BUILD)/%.quant.onnx: $(BUILD)/%.onnx
	$(BIN)/firebrick quantize $< -o $@

$(BUILD)/fashion_fire.onnx: models/fashion_fire.onnx | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import $< -o $@

$(BUILD)/squeezenet1.1.onnx: | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import squeezenet1.1 -o $@

$(BUILD)/squeezenet1.0.onnx: $(NET) | $(VENV)/.done
	@mkdir -p $(BUILD)
	$(BIN)/firebrick import $(NET) -o $@

test: setup ## fast tests
	$(PYTEST) $(SHARED_OUT)

test-all: setup ## fast and slow tests
	$(PYTEST) $(SHARED_OUT) -m ""

lint: setup ## ruff, mypy, clang-format, verible, verilator -Wall
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(CPP)
	$(BIN)/mypy
	$(PYTEST) -q tests/test_lint_hw.py

fmt: setup ## format Python and C++
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)

sim: setup ## only the operator benches in Verilator
	$(PYTEST) tests/ops tests/stream

hostile: setup ## 300 mutated plans, folders, bundles, boards and names under strace, with every tool
	$(PYTEST) -q -s -m slow tests/hostile

# The check of prerequisites comes before minutes are spent on a model and a plan.
synth: synth-tool $(MODEL) ## fit BOARD (zcu104) with MODEL (SqueezeNet v1.1): plan, generate, then TOOL: yosys counts; vivado, vitis, vitis_hls, nextpnr build
	$(BIN)/firebrick plan $(MODEL) $(GOAL) -o $(SYNTH).plan.json
	@$(if $(CHECK),rm -rf $(SYNTH)/$(TOOL)) # what the tool has made of another plan
	$(BIN)/firebrick generate $(MODEL) $(SYNTH).plan.json -o $(SYNTH) \
	  --target $(if $(filter vitis_hls,$(TOOL)),hls,rtl)
	$(BIN)/firebrick synth $(SYNTH) --tool $(TOOL) --board $(BOARD)

.PHONY: synth-tool
synth-tool: setup
	@$(if $(CHECK),$(BIN)/python -m firebrick.synth.$(CHECK).tool)

accuracy: setup $(BUILD)/fashion_fire.quant.onnx ## the small network on all test photographs of Fashion-MNIST
	$(BIN)/python examples/fashion_mnist/fashion.py -o $(BUILD)/fashion_test.npz
	$(BIN)/firebrick evaluate $(BUILD)/fashion_fire.onnx $(BUILD)/fashion_fire.quant.onnx $(BUILD)/fashion_test.npz
	$(BIN)/firebrick evaluate $(BUILD)/fashion_fire.quant.onnx $(BUILD)/fashion_test.npz --engine numpy

registers: setup ## make anew what follows from hw/shell/registers.rdl, and a page of it
	$(BIN)/python -m firebrick.emit.rtl.registers
	$(BIN)/python -m firebrick.emit.rtl.registers --html $(BUILD)/registers

formal: setup ## prove stream plumbing and the shell's parts
	$(BIN)/python tests/formal/formal_runner.py

mutants: setup ## plant bugs one at a time: do the fast tests see them? ONLY=area/name, PART=1/4; hours, resumable
	$(BIN)/python tests/mutants/mutant_runner.py $(if $(ONLY),--only '$(ONLY)') $(if $(PART),--part $(PART))

mutants-table: setup ## bring the table of docs/testing.md up to date
	$(BIN)/python tests/mutants/mutant_runner.py --table

csim: setup $(BUILD)/squeezenet1.1.quant.onnx ## the C++ for HLS of SqueezeNet v1.1 by g++: every layer compared
	$(BIN)/firebrick verify $(BUILD)/squeezenet1.1.quant.onnx $(PHOTOGRAPHS) --engines csim

bench: setup $(MODELS) ## measure both networks at targets and on boards: docs/results.md, its JSON; hours, resumable
	$(BIN)/firebrick report $(MODELS) -o docs/results.md

lock: ## resolve the pinned versions anew (needs uv)
	uv pip compile pyproject.toml --extra dev --generate-hashes --only-binary :all: \
	  --python-version 3.11 --no-header --quiet -o requirements.lock
	printf '%s\n' $(DATA_PACKAGES) | uv pip compile - --no-deps --generate-hashes \
	  --only-binary :all: --python-version 3.11 --no-header --quiet >> requirements.lock

clean: ## remove what was built; cached simulators stay in the user's cache folder
	rm -rf $(BUILD) $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
