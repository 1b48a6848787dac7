#!/usr/bin/env python3
"""Checks exported models and runs them in ONNX Runtime.

Usage: check_onnx.py FOLDER

FOLDER holds pairs of files, `NAME.onnx` and `NAME.safetensors`, as
`cargo run -p dartloom-tests --bin onnx FOLDER` writes them: a model, and its input `image` with the
outputs that the network itself computes. Every model goes through `onnx.checker` with shape
inference, runs on all images and on the first of them alone, and is compared. The script prints the
largest difference and ends with 1 where one is above 1e-4 or something failed.

Needs: pip install onnx onnxruntime numpy safetensors
"""

import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

LIMIT = 1e-4


def check(path: Path) -> float:
    """The largest difference of a model's outputs from those stored beside it."""
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    stored = load_file(path.with_suffix(".safetensors"))
    images = stored.pop("image")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if sorted(names) != sorted(stored):
        raise ValueError(f"outputs {names}, expected {sorted(stored)}")
    for output in session.get_outputs():
        fixed = [side for side in output.shape if not isinstance(side, str)]
        if tuple(fixed) != stored[output.name].shape[-len(fixed) :]:
            raise ValueError(f"{output.name} is said to be {output.shape}")
    largest = difference(session, names, images, stored)
    if session.get_inputs()[0].shape[0] == "N":
        one = {name: values[:1] for name, values in stored.items()}
        largest = max(largest, difference(session, names, images[:1], one))
    return largest


def difference(session, names, images, expected) -> float:
    found = session.run(names, {"image": images})
    largest = 0.0
    for name, values in zip(names, found):
        if values.shape != expected[name].shape:
            raise ValueError(f"{name} is {values.shape}, expected {expected[name].shape}")
        largest = max(largest, float(numpy.abs(values - expected[name]).max()))
    return largest


def main() -> int:
    models = sorted(Path(sys.argv[1]).glob("*.onnx"))
    largest = 0.0
    failed = 0
    for path in models:
        try:
            found = check(path)
        except Exception as error:  # every kind of failure is told with its model
            print(f"{path.name}: {error}")
            failed += 1
            continue
        if not found <= LIMIT:
            print(f"{path.name}: a difference of {found:.2e}")
            failed += 1
        largest = max(largest, found)
    print(f"{len(models)} models, {failed} failed, largest difference {largest:.2e}")
    return 1 if failed or not models else 0


if __name__ == "__main__":
    sys.exit(main())
