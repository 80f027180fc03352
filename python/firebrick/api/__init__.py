# SPDX-License-Identifier: Apache-2.0
"""What programs, notebooks and the command line call: a function a step, from model to hardware."""
