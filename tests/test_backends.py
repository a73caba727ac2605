"""One algorithm on every backend: the same numbers, each in a process of its own."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
OTHERS = ["jax", "torch"]


def run(backend, *command, **environment):
    """Runs Python on a backend, and returns what it prints."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"needs {backend}")
    result = subprocess.run(
        [sys.executable, *map(str, command)],
        env={**os.environ, "KERAS_BACKEND": backend, **environment},
        cwd=HERE,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Returns weights before and after ten steps of each case, by backend."""
    folder, known = tmp_path_factory.mktemp("steps"), {}

    def of(backend):
        if backend not in known:
            run(backend, "equal_steps.py", folder / f"{backend}.npz")
            with np.load(folder / f"{backend}.npz") as arrays:
                known[backend] = dict(arrays)
        return known[backend]

    return of


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_ten_steps_give_the_same_networks(backend, steps):
    """Of every variant, with every penalty and augmentation: each derives the others anew."""
    expected, found = steps("tensorflow"), steps(backend)
    assert found.keys() == expected.keys()
    cases = {name.split("/")[0] for name in expected}
    assert {"GAN", "WGANGP", "DRAGAN", "R3GAN", "ACGAN", "InfoGAN", "ADA", "LeCam"} <= cases
    for case in cases:
        names = [name for name in expected if name.startswith(f"{case}/after/")]
        before = [expected[name.replace("/after/", "/before/")] for name in names]
        after = [expected[name] for name in names]
        moved = max(np.abs(b - a).max() for a, b in zip(before, after, strict=True))
        apart = max(np.abs(found[n] - a).max() for n, a in zip(names, after, strict=True))
        assert moved > 0.01 and apart < 1e-5 * max(moved, 1.0), (case, moved, apart)


@pytest.mark.slow
def test_two_devices_of_jax_equal_one():
    flags = "--xla_force_host_platform_device_count=2"
    lines = run("jax", "two_devices.py", XLA_FLAGS=flags).split("\n")
    found = [(name, float(value)) for name, value in (line.split() for line in lines if line)]
    assert [name for name, _ in found] == ["devices", "apart", "logs"] * 2
    for name, value in found:
        assert value == 2 if name == "devices" else value < 1e-5


FIT = """
import sys

sys.modules["tensorflow"] = None  # It cannot be imported.
import numpy as np
import keras_gans as kg

gan = kg.WGANGP(
    kg.networks.mlp_generator(4, (8, 8, 1), (8,)), kg.networks.mlp_discriminator((8, 8, 1), (8,)),
    seed=0,
)
gan.compile(n_critic=2)
x = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
gan.fit(
    x,
    batch_size=8,
    epochs=2,
    verbose=0,
    validation_data=x,
    callbacks=[kg.callbacks.SampleGrid("samples"), kg.callbacks.TrainState("run")],
)
print(gan.evaluate(x, ["fid"])["fid"] >= 0, sys.modules["tensorflow"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_arrays_need_no_tensorflow(backend, tmp_path):
    script = tmp_path / "fit.py"
    script.write_text(f"import os; os.chdir({str(tmp_path)!r})\n{FIT}")
    assert run(backend, script) == "True None\n"


@pytest.mark.slow
@pytest.mark.parametrize("backend", OTHERS)
def test_a_file_of_one_backend_loads_on_another(backend, tmp_path):
    """Weights, both optimizers and averages; the random state is the same number."""
    write, read = tmp_path / "write.py", tmp_path / "read.py"
    path, train = tmp_path / "gan.keras", f"sys.path.insert(0, {str(HERE)!r})\n"
    write.write_text(
        f"import sys\n{train}from conftest import make, points\nimport keras, keras_gans as kg\n"
        "gan = make(kg.GAN, ema_decay=0.9)\ngan.fit(points(), batch_size=8, verbose=0)\n"
        f"gan.save({str(path)!r})\n" + (state := STATE)
    )
    read.write_text(
        f"import sys\n{train}from conftest import points\nimport keras\n"
        f"gan = keras.saving.load_model({str(path)!r})\n{state}"
        "gan.fit(points(), batch_size=8, verbose=0)\n"
        "assert gan.step == 16\n"
    )
    written = run("tensorflow", write)
    assert written.count("\n") > 20 and run(backend, read) == written
    written = run(backend, write)
    assert run("tensorflow", read) == written


STATE = """
for part in (gan, gan.ema_generator, gan.d_optimizer, gan.g_optimizer):
    for variable in part.variables:
        print(keras.ops.convert_to_numpy(variable).tolist())
"""


OPERATIONS = """
import keras, torch
from torch.utils._python_dispatch import TorchDispatchMode
import keras_gans as kg


class Count(TorchDispatchMode):
    calls = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.calls += 1
        return function(*args, **(kwargs or {}))


def operations(count):
    variables = [keras.Variable([1.0, 2.0]) for _ in range(count)]
    optimizer = kg.optimizers.Adam(0.1)
    optimizer.build(variables)
    with Count() as counted:
        optimizer.apply([torch.ones(2)] * count, variables)
    assert all(abs(float(variable.value[0]) - 0.9) < 1e-5 for variable in variables)
    return counted.calls


print(operations(2) == operations(9) > 9)
"""


@pytest.mark.slow
def test_adam_updates_all_variables_together_on_pytorch():
    """Keras has this for its own Adam, and for no class derived from that."""
    assert run("torch", "-c", OPERATIONS) == "True\n"
