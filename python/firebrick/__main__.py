# SPDX-License-Identifier: Apache-2.0
"""`python -m firebrick`: the command line, as for torchrun."""

from firebrick.cli import main

main()
