# SPDX-License-Identifier: Apache-2.0
"""What a network is quantized on and measured on: sample photographs, or images of the user's."""
