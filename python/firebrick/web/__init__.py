# SPDX-License-Identifier: Apache-2.0
"""Classifying photographs with a bundle, from a program or from a page in the browser.

As `firebrick.runtime`, these files are part of the wheel that a bundle carries: they run on
Python 3.10 and import NumPy, Pillow (only when a photograph is decoded), `firebrick.errors`,
`firebrick.runtime` and each other; the page needs FastAPI and uvicorn besides.
"""
