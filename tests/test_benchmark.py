"""The contenders compute the same, and what is counted and judged is right."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans_command
from conftest import images
from keras_gans import callbacks, models, presets
from keras_gans.scripts.benchmarking import (
    backends,
    bars,
    costs,
    flops,
    gpu,
    growth,
    overheads,
    report,
    rounds,
    timing,
    trainings,
    waiting,
)
from keras_gans.scripts.benchmarking.cases import MATHS, Case
from keras_gans.scripts.benchmarking.loops import EagerLoop, FitLoop, GraphLoop
from keras_gans.scripts.main import main

POINTS = {
    "preset": "points",
    "model": {"latent_distribution": "uniform"},
    "generator": {"builder": "mlp_generator", "latent_dim": 3, "output_shape": [2], "hidden": [8]},
    "discriminator": {"builder": "mlp_discriminator", "input_shape": [2], "hidden": [8]},
}
IMAGES = {
    "preset": "images",
    "model": {},
    "generator": {
        "builder": "conv_generator",
        "latent_dim": 3,
        "initial_shape": [4, 4, 4],
        "conv_filters": [4, 1],
        "conv_kernel_size": [3, 3],
        "conv_strides": [1, 1],
        "upsample": [1, 2],
        "batch_norm_momentum": 0.9,
    },
    "discriminator": {
        "builder": "conv_discriminator",
        "input_shape": [8, 8, 1],
        "conv_filters": [4],
        "conv_kernel_size": [3],
        "conv_strides": [2],
    },
}
BATCH = 4


class PlainCase(Case):
    """With an optimizer that a hand-written step shares to the last digit."""

    def optimizer(self):
        return keras.optimizers.SGD(0.1)


def seeded(make, *args):
    keras.utils.set_random_seed(0)
    return make(*args)


def reals(case):
    shape = (case.n_critic, BATCH, *case.networks()[1].input_shape[1:])
    return np.random.default_rng(1).uniform(-0.9, 0.9, shape).astype("float32")


def latents():
    return np.random.default_rng(2).uniform(-1, 1, (BATCH, 3)).astype("float32")


def trained(network):
    return [np.array(weight) for weight in network.trainable_variables]


@pytest.mark.parametrize(
    ("preset", "variant"),
    [*((POINTS, variant) for variant in MATHS), (IMAGES, "WGANGP")],
    ids=lambda value: value if isinstance(value, str) else value["preset"],
)
def test_the_loop_by_hand_trains_the_weights_of_fit(preset, variant):
    case = PlainCase(preset, variant, BATCH)
    batches, z = reals(case), latents()
    loop = seeded(GraphLoop, case)
    loop.sample_latents = lambda: tf.constant(z)
    loop.sample_eps = lambda rank: 0.3
    before = trained(loop.discriminator)
    tf.function(loop.train_step, autograph=False)(list(tf.constant(batches)))

    gan = seeded(FitLoop, case).gan
    gan.sample_latents = lambda *_, **__: tf.constant(z)
    gan.penalty_points = lambda real, fake: [0.3 * real + 0.7 * fake for _ in gan.penalties]
    data = batches.reshape(-1, *batches.shape[2:])
    gan.fit(data, batch_size=BATCH, shuffle=False, verbose=0, callbacks=case.callbacks())

    assert not np.allclose(before[0], trained(loop.discriminator)[0], atol=1e-5)
    pairs = ((loop.generator, gan.generator), (loop.discriminator, gan.discriminator))
    for by_hand, ours in pairs:
        for a, b in zip(trained(by_hand), trained(ours), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["gan-camel", "wgan_gp-mnist"])
def test_the_networks_by_hand_are_of_keras_layers(name):
    case = Case(presets.get(name), "GAN")
    for ours, theirs in zip(seeded(case.networks), seeded(case.keras_networks), strict=True):
        assert all(type(layer).__module__.startswith("keras.") for layer in theirs.layers)
        x = np.random.default_rng(0).normal(size=(2, *ours.input_shape[1:])).astype("float32")
        np.testing.assert_allclose(theirs(x), ours(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("variant", MATHS)
def test_the_loops_by_hand_use_nothing_but_keras(variant):
    optimizer = (case := Case(POINTS, variant)).optimizer()
    case.optimizer = lambda: optimizer
    assert case.keras_optimizer().get_config() == optimizer.get_config()
    assert type(case.keras_optimizer()).__module__.startswith("keras.")


def test_the_eager_loop_gives_all_critic_updates_one_mini_batch():
    loop = seeded(EagerLoop, PlainCase(POINTS, "WGANGP", BATCH))
    seen = []
    loop.objective = lambda real, fake: (
        seen.append(np.array(real)) or tf.reduce_mean(loop.discriminator(real))
    )
    loop.call()
    assert len(seen) == 5 and all((real == seen[0]).all() for real in seen)
    loop.call()
    assert (seen[5] != seen[0]).any()


def test_the_loop_in_the_graph_runs_its_steps():
    loop = GraphLoop(PlainCase(POINTS, "GAN", BATCH), steps_per_call=7)
    loop.call()
    assert int(loop.d_optimizer.iterations) == int(loop.g_optimizer.iterations) == 7


@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_fit_is_timed_a_step_without_its_first(steps_per_call):
    loop = FitLoop(PlainCase(POINTS, "GAN", BATCH), steps_per_call=steps_per_call)
    loop.first_step()
    begin, done = time.perf_counter(), loop.gan.step
    seconds = loop.run(6)
    assert loop.gan.step - done == 6 + steps_per_call
    assert 0 < 6 * seconds < time.perf_counter() - begin


def narrowed(name):
    """A preset of residual networks with few channels."""
    few = {"widths": [8] * 4, "groups": [4] * 4} if "r3gan" in name else {"filters": 8}
    preset = presets.get(name)
    for part in ("generator", "discriminator"):
        preset[part] |= few
    return preset


@pytest.mark.parametrize(
    "preset",
    [
        *map(presets.get, ["dcgan-mnist", "wgan_gp-mnist-book", "wgan_gp-mnist", "gan-grid"]),
        *map(narrowed, ["r3gan-cifar10", "sngan-cifar10"]),
    ],
    ids=lambda preset: preset["preset"],
)
def test_networks_in_pytorch_map_the_same(preset):
    torch = pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import translation

    random = np.random.default_rng(0)
    for network in Case(preset, "GAN").keras_networks():
        for weight in network.weights:  # Moving variances too: positive.
            weight.assign(random.uniform(0.01, 0.2, weight.shape) - 0.1 * ("kernel" in weight.path))
        inputs = random.normal(size=(2, *network.input_shape[1:])).astype("float32")
        translated = translation.translate(network).eval()
        with torch.no_grad():
            outputs = translated(translation.channels_first(torch.from_numpy(inputs)))
        outputs = outputs.permute(0, 2, 3, 1) if outputs.ndim == 4 else outputs
        expected = np.array(network(inputs, training=False))
        np.testing.assert_allclose(outputs.numpy(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("preset", [POINTS, IMAGES], ids=["points", "images"])
@pytest.mark.parametrize("variant", ["WGANGP", "GAN"])
def test_the_loop_in_pytorch_makes_the_same_updates(preset, variant):
    torch = pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import pytorch, translation

    case = PlainCase(preset, variant, BATCH)
    real, z = reals(case)[0], latents()
    by_hand = seeded(GraphLoop, case)
    loop = seeded(pytorch.TorchLoop, Case(preset, variant, BATCH))
    loop.d_optimizer = torch.optim.SGD(loop.discriminator.parameters(), 0.1)
    loop.g_optimizer = torch.optim.SGD(loop.generator.parameters(), 0.1)
    by_hand.sample_latents, loop.sample_latents = lambda: tf.constant(z), lambda: torch.tensor(z)
    by_hand.sample_eps = loop.sample_eps = lambda rank: 0.3
    by_hand.update_discriminator(tf.constant(real))
    loop.update_discriminator(translation.channels_first(torch.from_numpy(real)))
    by_hand.update_generator()
    loop.update_generator()
    for ours, theirs in (
        (by_hand.discriminator, loop.discriminator),
        (by_hand.generator, loop.generator),
    ):
        expected = translation.translate(ours).parameters()
        for a, b in zip(expected, theirs.parameters(), strict=True):
            np.testing.assert_allclose(a.detach(), b.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("variant", ["WGANGP", "GAN"])
def test_operations_in_pytorch_are_those_of_the_graph(variant):
    pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import pytorch

    case = Case(IMAGES, variant, BATCH)
    graph = GraphLoop(case).compiled.get_concrete_function().graph
    assert pytorch.TorchLoop(case).operations() == pytest.approx(flops.count(graph), rel=0.1)


def test_operations_of_grouped_gradients_in_pytorch():
    """A quarter of those of one group; both gradients take as much as the convolution."""
    torch = pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import pytorch

    counts = []
    for groups in (1, 4):
        x, layer = (
            torch.ones(2, 8, 5, 5, requires_grad=True),
            torch.nn.Conv2d(8, 8, 3, groups=groups),
        )
        with pytorch.Operations() as counted:
            layer(x).sum().backward()
        counts.append(counted.total)
    assert counts == [3 * 2 * 2 * 9 * 8 * 8 * 9, 3 * 2 * 2 * 9 * 8 * 8 * 9 // 4]


def test_adam_in_pytorch_is_that_of_keras():
    torch = pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import pytorch

    adam, theirs = keras.optimizers.Adam(0.1, 0.3, 0.8), torch.nn.Linear(3, 1, bias=False)
    ours = keras.Variable(theirs.weight.detach().numpy())
    translated = pytorch._optimizer(adam, theirs)
    for gradient in np.random.default_rng(0).normal(size=(3, 1, 3)).astype("float32"):
        adam.apply([tf.constant(gradient)], [ours])
        theirs.weight.grad = torch.from_numpy(gradient)
        translated.step()
    np.testing.assert_allclose(ours, theirs.weight.detach(), rtol=1e-4)


def test_a_layer_without_translation_is_named():
    pytest.importorskip("torch")
    from keras_gans.scripts.benchmarking import translation

    with pytest.raises(ValueError, match="GroupNormalization, which has no translation"):
        translation.translate(keras.Sequential([keras.Input((4,)), layers.GroupNormalization(2)]))


def convolution():
    """8x8 images to 4x4x4 by 3x3 kernels, then dense: 576 and 64 multiplications a sample."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, 2, padding="same"),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )


def operations(function):
    return flops.count(tf.function(function, autograph=False).get_concrete_function().graph)


def test_operations_of_a_forward_pass():
    network, x = convolution(), tf.constant(images(2))
    assert operations(lambda: network(x)) == 2 * 2 * (16 * 4 * 9 + 64)


def test_operations_of_a_gradient():
    network, x = convolution(), tf.constant(images(2))

    def gradient():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(network(x))
        return loss, tape.gradient(loss, [v.value for v in network.trainable_variables])

    # Nobody asks for the gradient by the images: the convolution counts twice, the dense layer
    # three times.
    assert operations(gradient) == 2 * 2 * (2 * 576 + 3 * 64)


def test_operations_of_a_gradient_by_the_input_and_of_its_gradient():
    network, x = convolution(), tf.constant(images(2))

    def input_gradient():
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = network(x)
        return tape.gradient(outputs, x)

    # Linear: the gradient needs no forward pass.
    assert operations(input_gradient) == 2 * 2 * (576 + 64)


def test_operations_of_a_transposed_convolution():
    transposed = layers.Conv2DTranspose(5, 3, 2, padding="same")
    x = tf.ones((2, 4, 4, 6))
    transposed.build(x.shape)
    assert operations(lambda: transposed(x)) == 2 * 2 * 4 * 4 * 6 * 9 * 5


def test_waiting_is_measured_where_it_happens():
    def slowly(i):
        return tf.ensure_shape(tf.py_function(lambda i: time.sleep(0.02) or i, [i], tf.int64), ())

    options = tf.data.Options()  # Nothing is made ready before it is asked for.
    options.experimental_optimization.inject_prefetch = False
    dataset = tf.data.Dataset.range(9).map(slowly).with_options(options)
    batches = waiting._TimedIterator(iter(dataset))
    step = tf.function(lambda: next(batches))
    assert [int(step()) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert 0.1 <= float(batches.waited) < 5.0


def result(**changes):
    """A benchmark of one case in which everything is as it should be."""
    contenders = ("eager", "function", "fit", "fit_bfloat16", "pytorch")
    case = {
        "network": "wgan_gp-mnist",
        "variant": "WGANGP",
        "tiny": False,
        "waiting_share": 0.01,
        "contenders": {name: {"peak_share": 0.9} for name in contenders},
        "skipped": {},
        "ratios": {
            "fit / function": 1.0,
            "fit / eager": 0.3,
            "fit / pytorch": 0.7,
            "fit_bfloat16 / fit": 0.4,
        },
    }
    machine = {"gpus": [], "flags": ["amx_bf16"]}
    return {"machine": machine, "cases": [{**case, **changes}]}


def test_all_bars_are_met():
    judged = bars.judge(result())
    assert [bar.met for bar in judged] == [True] * 6
    assert all(str(bar).startswith("met ") for bar in judged)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"waiting_share": 0.021}, "waiting for input"),
        ({"ratios": {**result()["cases"][0]["ratios"], "fit / function": 1.03}}, "fit / function"),
        ({"contenders": {"fit": {"peak_share": 0.79}}}, "share of the convolution peak"),
    ],
)
def test_a_bar_that_fails_says_so(changes, name):
    failed = [bar for bar in bars.judge(result(**changes)) if bar.met is False]
    assert len(failed) == 1 and name in failed[0].name
    assert str(failed[0]).startswith("FAILED ")


def test_bars_that_do_not_apply_say_why():
    benchmark = result(skipped={"pytorch": "PyTorch is not installed"})
    benchmark["machine"]["flags"] = []
    case = benchmark["cases"][0]
    del case["contenders"]["pytorch"], case["ratios"]["fit / pytorch"]
    undecided = [str(bar) for bar in bars.judge(benchmark) if bar.met is None]
    assert "PyTorch is not installed" in undecided[0]
    assert "AMX (0.400 here)" in undecided[1]


def test_growth_changes_one_axis_at_a_time(tmp_path):
    generator, critic = Case(growth._resized(64), "GAN").networks()
    assert generator.output_shape[1:] == critic.input_shape[1:] == (64, 64, 1)
    grown = growth.measure({"n_critic": (1,)}, batch_size=2, steps=1)
    (point,) = grown["n_critic"]
    assert point["images_per_step"] == 2
    assert point["first_step_seconds"] > point["step_seconds"] > 0
    assert "n_critic" in report.growth_table(grown)
    report.growth_plot(grown, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 1000
    judged = bars.judge({**result(), "growth": {"n_critic": [{**point, "value": 10}]}})
    assert judged[-1].name == "growth: seconds of the first step at n_critic 10"


def test_the_command_knows_all_variants_and_contenders():
    arguments = keras_gans_command.benchmark
    assert arguments.VARIANTS == tuple(MATHS) and arguments.CONTENDERS == tuple(rounds.CONTENDERS)


def test_a_wrong_preset_is_told_before_anything_is_measured(tmp_path, capsys):
    line = ["benchmark", "--networks", "wgan_gp-digits", "nope", "--out", str(tmp_path)]
    assert main(line) == 2
    out, err = capsys.readouterr()
    assert "Received: name='nope'" in err and not out


def test_the_command_prints_and_writes(tmp_path, capsys):
    command = ["benchmark", "--networks", "wgan_gp-digits", "--variants", "GAN", "--quick"]
    command += ["--contenders", "function_100", "fit_100", "pytorch"]
    out = tmp_path / "results"
    assert main([*command, "--steps", "1", "--batch-size", "8", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "fit_100 / function_100" in printed and "waiting for input" in printed
    written = json.loads((out / "benchmark.json").read_text())
    assert set(written) == {"machine", "arguments", "cases", "bars"}
    assert {"cpu", "cores", "gpus", "versions", "date"} <= set(written["machine"])
    assert {"name", "value", "limit", "met"} <= set(written["bars"][0])
    (case,) = written["cases"]
    assert case["tiny"] and case["n_critic"] == 1 and 0 < case["waiting_share"] < 1
    names = {"function", "fit", "function_100", "fit_100", "pytorch"}
    assert {*case["contenders"], *case["skipped"]} == names
    for contender in case["contenders"].values():
        assert contender["step_seconds"] == np.median(contender["rounds_seconds"])
        assert contender["images_per_second"] == pytest.approx(8 / contender["step_seconds"])
        assert contender["flops_per_second"] == pytest.approx(
            case["flops_per_step"] / contender["step_seconds"]
        )
    seconds = [case["contenders"][name]["rounds_seconds"] for name in ("fit", "function")]
    ratio = np.median(np.divide(*seconds))
    assert case["ratios"]["fit / function"] == pytest.approx(ratio)


def test_overheads_are_ratios_of_the_rounds(tmp_path, capsys, monkeypatch):
    """With clocks of our own: the guard costs a tenth, saving a fifth, two replicas the double."""

    def run_of(strategy):
        replicas = strategy.num_replicas_in_sync

        def run(epochs, *used):
            for guard in (c for c in used if isinstance(c, overheads._TimedGuard)):
                guard.seconds += 0.1 * epochs
            saves = any(isinstance(c, callbacks.TrainState) for c in used)
            return epochs * replicas * 1.1 * (1.2 if saves else 1.0)

        return run

    monkeypatch.setattr(overheads, "_run", run_of)
    two = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(overheads, "_two_replicas", lambda: two)
    assert main(["benchmark", "--overheads", "--quick", "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "overheads.json").read_text())["overheads"]
    ratios = {name: m["ratio"] for name, m in written.items()}
    assert ratios == pytest.approx({"NaNGuard": 1.1, "TrainState": 1.2, "two replicas": 2.0})
    assert written["TrainState"]["without"] == pytest.approx(1.1)
    assert "TrainState" in capsys.readouterr().out


def test_overheads_are_measured_of_fit(mirrored, monkeypatch):
    monkeypatch.setattr(overheads, "_two_replicas", lambda: mirrored)
    measured = overheads.measure(rounds=1, epochs=1)
    assert set(measured) == set(overheads.LIMITS)
    for m in measured.values():
        assert m["ratio"] == pytest.approx(m["with_it"] / m["without"]) and m["without"] > 0


# Costs


def test_every_variant_has_a_cost():
    assert {way.variant for way in costs.WAYS.values()} == set(models.__all__) - {"DCGAN"}


@pytest.mark.slow
def test_the_command_tells_costs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(costs, "_BATCH", 4)
    monkeypatch.setattr(
        costs, "WAYS", {name: costs.WAYS[name] for name in ("GAN", "ACGAN", "GAN, bCR", "WGAN")}
    )
    assert main(["benchmark", "--costs", "--quick", "--out", str(tmp_path)]) == 0
    measured = json.loads((tmp_path / "costs.json").read_text())["costs"]
    assert measured["GAN"]["ratio"] == 1 and set(measured) == set(costs.WAYS)
    for each in measured.values():
        assert each["step_seconds"] > 0
    printed = capsys.readouterr().out
    assert f"| WGAN | {1e3 * measured['WGAN']['step_seconds']:.0f} |" in printed


# Presets


def small_preset(name, **changes):
    changes = {"generator.hidden": [8], "discriminator.hidden": [8], **changes}
    return presets.changed(presets.get(name), changes)


def test_a_preset_is_timed_as_it_is(monkeypatch):
    """By a clock of our own: the first execution, of two steps, and then 3, 1 and 5 seconds."""
    now = iter([100, 103, 104, 109])
    monkeypatch.setattr(timing, "time", SimpleNamespace(perf_counter=lambda: next(now)))
    built, build = [], presets.build
    monkeypatch.setattr(presets, "build", lambda preset: built.append(build(preset)) or built[0])
    small = small_preset("wgan-25gaussians", **{"compile.steps_per_execution": 2})
    cost = trainings.measure(small, seconds=9)
    # 78 mini-batches of five times 256 are in 100,000 points.
    assert cost == {"step_seconds": 3 / 2, "steps": 1283 * 78}
    assert built[0].step == 4 * 2  # Ended by the clock.
    weights = [np.abs(weight).max() for weight in built[0].discriminator.get_weights()]
    assert max(weights) == pytest.approx(0.01)  # It clips, as the preset does.


def test_the_command_tells_what_presets_cost(tmp_path, capsys, monkeypatch):
    small = small_preset("cgan-digits", **{"compile.steps_per_execution": 1, "fit.batch_size": 4})
    monkeypatch.setitem(presets.PRESETS, "small", small)
    before = {name: {"step_seconds": 1.0, "steps": 60} for name in ("gan-grid", "small")}
    (tmp_path / "presets.json").write_text(json.dumps({"presets": before}))
    assert main(["benchmark", "--presets", "small", "--quick", "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "presets.json").read_text())
    assert written["presets"]["gan-grid"] == before["gan-grid"] and "cpu" in written["machine"]
    cost = written["presets"]["small"]
    assert cost["steps"] == 120 * 100 and 0 < cost["step_seconds"] < 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("small ") and " ms a step,  12,000 steps: " in first
    assert float(first.split()[1]) == pytest.approx(1e3 * cost["step_seconds"], abs=0.05)
    assert main(["benchmark", "--presets", "small", "nope", "--out", str(tmp_path)]) == 2
    assert json.loads((tmp_path / "presets.json").read_text()) == written


# Backends, each in a process of its own


def on_backend(backend, *command):
    """Runs Python on a backend, as if TensorFlow were absent from others; returns its output."""
    pytest.importorskip(backend)
    absent = "" if backend == "tensorflow" else "sys.modules['tensorflow'] = None\n"
    program = f"import sys\n{absent}{command[0]}"
    result = subprocess.run(
        [sys.executable, "-c", program, *command[1:]],
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


BY_HAND_ON_JAX = """
import json
import jax
import keras
import numpy as np
from keras_gans.scripts.benchmarking.cases import Case
from keras_gans.scripts.benchmarking.jax import JaxLoop, translate
from keras_gans.scripts.benchmarking.timing import FitLoop

class PlainCase(Case):
    def optimizer(self):
        return keras.optimizers.SGD(0.1)

def trained(preset, variant, batch):
    case, random = PlainCase(preset, variant, batch), np.random.default_rng(1)
    sample = case.networks()[1].input_shape[1:]
    batches = random.uniform(-0.9, 0.9, (case.n_critic, batch, *sample)).astype("float32")
    z = random.uniform(-1, 1, (batch, 3)).astype("float32")
    keras.utils.set_random_seed(0)
    loop = JaxLoop(case)
    loop.sample_latents, loop.sample_eps = lambda key: z, lambda key, rank: 0.3
    before = loop.state.discriminator.weights
    state, _ = jax.jit(loop.train_step)(loop.state, list(batches))
    keras.utils.set_random_seed(0)
    gan = FitLoop(case).gan
    gan.sample_latents = lambda *_, **__: z
    gan.penalty_points = lambda real, fake: [0.3 * real + 0.7 * fake for _ in gan.penalties]
    data = batches.reshape(-1, *sample)
    gan.fit(data, batch_size=batch, shuffle=False, verbose=0, callbacks=case.callbacks())
    ours = [*gan.generator.trainable_variables, *gan.discriminator.trainable_variables]
    by_hand = [*state.generator.weights, *state.discriminator.weights]
    apart = max(float(abs(a - b.value).max()) for a, b in zip(by_hand, ours, strict=True))
    moved = float(abs(state.discriminator.weights[0] - before[0]).max())
    return apart, moved

def updated(optimizer):
    random = np.random.default_rng(0)
    theirs = keras.Variable(random.normal(size=(3, 2)).astype("float32"))
    ours, by_hand = [theirs.value], translate(optimizer)
    moments, before = by_hand.init(ours), theirs.value
    for gradient in random.normal(size=(3, 3, 2)).astype("float32"):
        optimizer.apply([gradient], [theirs])
        ours, moments = by_hand.update(ours, [gradient], moments)
    return float(abs(ours[0] - theirs.value).max()), float(abs(ours[0] - before).max())

cases = json.loads(sys.argv[1])
found = {f"{preset['preset']} {variant}": trained(preset, variant, 4) for preset, variant in cases}
adam, rmsprop = keras.optimizers.Adam(0.1, 0.3, 0.8), keras.optimizers.RMSprop(0.1)
found |= {optimizer.name: updated(optimizer) for optimizer in (adam, rmsprop)}
print(json.dumps(found))
"""


@pytest.mark.slow
def test_the_loop_by_hand_trains_the_weights_of_fit_on_jax():
    """And its optimizers move weights as Keras' own."""
    cases = [*((POINTS, variant) for variant in MATHS), (IMAGES, "WGANGP")]
    found = json.loads(on_backend("jax", BY_HAND_ON_JAX, json.dumps(cases)))
    assert len(found) == len(cases) + 2
    for name, (apart, moved) in found.items():
        assert apart < 1e-5 < moved, name


ROUNDS = """
from keras_gans.scripts.benchmarking import backend_rounds
backend_rounds.main(sys.argv[1:])
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_backends_are_timed_without_tensorflow(backend):
    arguments = ["--network", "wgan_gp-digits", "--variant", "WGANGP", "--batch-size", "8"]
    timed = json.loads(on_backend(backend, ROUNDS, *arguments, "--rounds", "1", "--steps", "1"))
    assert timed["backend"] == backend and "tensorflow" not in timed["machine"]["versions"]
    assert {"by hand", "fit"} <= set(timed["contenders"])


@pytest.mark.slow
def test_the_command_compares_backends(tmp_path, capsys):
    for backend in ("jax", "torch"):
        pytest.importorskip(backend)
    command = ["benchmark", "--backends", "--networks", "wgan_gp-digits", "--variants", "GAN"]
    command += ["--quick", "--batch-size", "8", "--out", str(tmp_path)]
    assert main(command) == 0
    printed = capsys.readouterr().out
    written = json.loads((tmp_path / "backends.json").read_text())
    assert [case["backend"] for case in written["cases"]] == ["tensorflow", "jax", "torch"]
    assert written["skipped"] == [] and len(written["bars"]) == 2
    for case in written["cases"]:
        assert f"{case['backend']}: wgan_gp-digits, GAN, n_critic 1, batch 8" in printed
        names = {"by hand", "fit", *(["compiled"] if case["backend"] == "torch" else [])}
        assert {*case["contenders"], *case["skipped"]} == names
        fit, by_hand = (case["contenders"][name] for name in ("fit", "by hand"))
        rounds = np.divide(fit["rounds_seconds"], by_hand["rounds_seconds"])
        assert by_hand["fit_ratio"] == pytest.approx(np.median(rounds)) and fit["fit_ratio"] == 1
        assert fit["first_step_seconds"] > 0 and fit["peak_memory_bytes"] > 1e6


def timed(backend, ratio):
    contenders = {"by hand": {"fit_ratio": ratio}, "fit": {"fit_ratio": 1.0}}
    return {"backend": backend, "network": "n", "variant": "GAN", "contenders": contenders}


def test_bars_of_backends():
    cases = [timed("tensorflow", 9.0), timed("jax", 1.04), timed("jax", 1.06), timed("torch", 1.09)]
    skipped = [{"backend": "torch", "network": "n", "variant": "WGAN", "reason": "no memory"}]
    judged = bars.judge_backends({"cases": cases, "skipped": skipped})
    assert [bar.met for bar in judged] == [True, False, True, None]
    assert judged[1].name == "n GAN on jax: fit / by hand" and "no memory" in str(judged[3])


def test_a_backend_that_fails_is_told_and_the_others_go_on(tmp_path, capsys, monkeypatch):
    failed = SimpleNamespace(returncode=1, stderr="Traceback\nMemoryError: too large\n", stdout="")
    monkeypatch.setattr(backends.subprocess, "run", lambda *_, **__: failed)
    command = ["benchmark", "--backends", "jax", "torch", "--networks", "gan-grid"]
    assert main([*command, "--variants", "GAN", "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "backends.json").read_text())
    assert [each["backend"] for each in written["skipped"]] == ["jax", "torch"]
    assert "MemoryError: too large" in written["bars"][0]["reason"]
    assert "not judged gan-grid GAN on jax" in capsys.readouterr().out


def on_gpu(backend, network, dtype, seconds, variant="WGANGP"):
    contenders = {
        name: {"step_seconds": t, "peak_memory_bytes": 5e6} for name, t in seconds.items()
    }
    return {
        "backend": backend,
        "network": network,
        "variant": variant,
        "batch_size": 64,
        "dtype": dtype,
        "contenders": contenders,
        "convolutions_per_second": 100.0 if backend == "jax" else 80.0,
        "flops_per_step": 60 if backend == "torch" else None,
        "machine": {"date": "today", "gpus": ["A card"], "cpu": "", "versions": {backend: "1"}},
    }


def test_bars_of_a_gpu(monkeypatch, tmp_path, capsys):
    """And the page, of cases that are given in place of those measured."""
    seconds = {
        ("jax", "float32"): {"fit": 1.0},
        ("jax", "bfloat16"): {"fit": 0.7},
        ("torch", "float32"): {"fit": 3.0, "compiled": 1.3},
        ("torch", "bfloat16"): {"fit": 3.0, "compiled": 0.8},
    }
    monkeypatch.setattr(
        backends,
        "measure",
        lambda backend, network, variant, batch_size, rounds, steps, dtype: on_gpu(
            backend, network, dtype, seconds[backend, dtype], variant
        ),
    )
    names = ["wgan_gp-mnist", "r3gan-cifar10"]
    command = ["--networks", *names, "--dtypes", "float32", "bfloat16", "--batch-sizes"]
    assert gpu.main([*command, "--out", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "benchmark.json").read_text())
    found = {bar["name"]: (pytest.approx(bar["value"]), bar["met"]) for bar in written["bars"]}
    network, other = "wgan_gp-mnist WGANGP in ", "r3gan-cifar10 WGANGP in "
    assert found == {
        f"{network}float32: fit on jax / compiled PyTorch": (1 / 1.3, True),
        f"{network}bfloat16: fit on jax / compiled PyTorch": (0.7 / 0.8, False),
        f"{network}bfloat16: fit / in float32": (0.7, False),
        f"{other}bfloat16: fit / in float32": (0.7, False),
        f"{other}float32: share of the convolution rate": (0.6, True),
        f"{other}bfloat16: share of the convolution rate": (60 / 0.7 / 100, True),
    }
    page = (tmp_path / "README.md").read_text()
    assert page.startswith("# A card\n") and "| 1300.00 |" in page
    assert [each["reason"] for each in written["skipped"]] == [
        "Expected pixels to train on. Received: no --images"
    ] * 2
    assert "skipped  training of wgan_gp-mnist" in capsys.readouterr().out


ON_GPU = """
from keras_gans.scripts.benchmarking import gpu
sys.exit(gpu.main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_the_command_of_a_gpu_runs_without_tensorflow(tmp_path, monkeypatch):
    """With tiny sizes on a processor; what it starts finds no TensorFlow either."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (70, 28, 28, 1)).astype("uint8")
    np.save(tmp_path / "pixels.npy", pixels)
    sizes = ["--batch-size", "2", "--rounds", "1", "--steps", "1", "--batch-sizes"]
    training = ["--trainings", "hinge-mnist", "--training-steps", "1"]
    command = ["--backends", "jax", "torch", "--networks", "dcgan-mnist", "--dtypes", "bfloat16"]
    paths = ["--images", str(tmp_path / "pixels.npy"), "--out", str(tmp_path / "out")]
    on_backend("torch", ON_GPU, *command, *sizes, *training, *paths)
    written = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert written["skipped"] == [] and len(written["trainings"]) == 1
    for case in written["cases"]:
        assert case["dtype"] == "bfloat16" and case["convolutions_per_second"] > 0
    assert [case["flops_per_step"] is None for case in written["cases"]] == [True, False]
