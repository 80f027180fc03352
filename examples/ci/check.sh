#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Compares a quantized model with the hardware of a plan: every value of every layer.
#
#     check.sh FOLDER MODEL PHOTOGRAPH...
#
# FOLDER is made, and takes verify.json. The hardware is that of the file PLAN; without one it is
# planned for GOAL, options of `firebrick plan`, and the plan lands in FOLDER too. The exit status is
# firebrick's: 0 all values equal, 1 some differ or no plan fits, 2 bad input.
set -euo pipefail
if [ $# -lt 3 ]; then
  echo "usage: check.sh FOLDER MODEL PHOTOGRAPH..." >&2
  exit 2
fi
folder=$1 model=$2
shift 2
mkdir -p "$folder"
plan=${PLAN:-$folder/plan.json}
if [ -z "${PLAN:-}" ]; then
  read -ra goal <<< "${GOAL:---multipliers 450}"
  firebrick plan "$model" "${goal[@]}" -o "$plan"
fi
firebrick verify "$model" "$@" --engines onnxruntime,rtl --plan "$plan" --json |
  tee "$folder/verify.json"
