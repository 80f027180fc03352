# SPDX-License-Identifier: Apache-2.0
"""Train a Fire network in Keras: python train_keras.py digits/train -o digits_keras.onnx.

Needs Keras 3 with TensorFlow and tf2onnx, or with PyTorch and onnxscript (`KERAS_BACKEND=torch`);
Firebrick needs neither. Takes half a minute on one core.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import KerasTensor, layers
from PIL import Image

SEED, BATCH, RATE = 1, 32, 3e-3


def images(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels scaled to -1..1, (N, H, W, 1), and classes of a folder a class."""
    paths = sorted(folder.glob("*/*.png"))
    pixels = np.stack([np.asarray(Image.open(x).convert("L")) for x in paths])
    classes = np.array([int(x.parent.name) for x in paths])
    return pixels[..., None].astype(np.float32) / 127.5 - 1, classes


def layer(x: KerasTensor, outputs: int, kernel: int) -> KerasTensor:
    """Convolution, batch normalization, ReLU."""
    x = layers.Conv2D(outputs, kernel, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def digits() -> keras.Model:
    """Classes (N, 10) of images (N, 8, 8, 1), whose pixels are scaled to -1..1."""
    image = layers.Input((8, 8, 1))
    squeezed = layer(layers.MaxPooling2D()(layer(image, 12, 3)), 8, 1)
    fire = layers.Concatenate()([layer(squeezed, 16, 1), layer(squeezed, 16, 3)])
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(10, 1)(fire))
    return keras.Model(image, layers.Softmax()(x))


def main() -> None:
    """Train and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="a folder a class, of images")
    parser.add_argument("-o", "--output", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--epochs", type=int, default=40)
    given = parser.parse_args()
    keras.utils.set_random_seed(SEED)
    network, (x, y) = digits(), images(given.folder)
    steps = given.epochs * -(-len(x) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    network.fit(x, y, BATCH, given.epochs, verbose=2)
    network.export(given.output, format="onnx")


if __name__ == "__main__":
    main()
