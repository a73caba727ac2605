"""The presets against the table of the published set-ups, and each one from build to samples."""

import copy
import json
import math
import warnings

import keras
import numpy as np
import pytest

import keras_gans as kg
from keras_gans.networks import inspection
from keras_gans.scripts import train

pytestmark = pytest.mark.filterwarnings("ignore:The critic has a BatchNormalization layer")


def adam(rate, beta_1=0.9, beta_2=0.999):
    return {"class": "Adam", "learning_rate": rate, "beta_1": beta_1, "beta_2": beta_2}


def rmsprop(rate):
    return {"class": "RMSprop", "learning_rate": rate}


def linear(start, steps):
    return keras.optimizers.schedules.PolynomialDecay(start, steps, 0.0)


def cosine(start, end, steps):
    return kg.schedules.Cosine(start, end, math.ceil(steps))


def half_life(images, batch_size):
    return kg.schedules.HalfLife(images, batch_size)


def same(a, b):
    """Compares numbers, or schedules by their numbers."""
    if callable(a) or callable(b):
        steps = (0, 7_000, 39_063, 90_000, 400_000, 600_000)
        return type(a) is type(b) and all(float(a(i)) == pytest.approx(float(b(i))) for i in steps)
    return a == b if None in (a, b) else a == pytest.approx(b, rel=1e-6)


def setup(variant, optimizers, *, batch, data, epochs=None, updates=None, sizes=None, **others):
    defaults = dict(n_critic=1, gp_weight=None, reuse_batch=False, latents=("normal", 100))
    defaults |= dict(ema_decay=None, classes=None, trained=None)
    d, g = optimizers if isinstance(optimizers, tuple) else (optimizers, optimizers)
    return dict(
        variant=variant, d=d, g=g, batch=batch, data=data, epochs=epochs, updates=updates,
        sizes=sizes, **{**defaults, **others},
    )  # fmt: skip


# What the sources say; `updates` of the generator where they count no epochs, in this many samples.
MNIST, CIFAR10, FACES = ("mnist", (28, 28, 1)), ("cifar10", (32, 32, 3)), ("celeb_a", (64, 64, 3))
GRID, GAUSSIANS = ("grid", (2,)), ("25gaussians", (2,))
SAMPLES = {
    "mnist": 60_000, "camel.npy": 80_000, "cifar10": 50_000, "celeb_a": 162_770,
    "25gaussians": 100_000, "stacked_mnist": 128_000,
}  # fmt: skip
SETUPS = {
    "gan-mnist": setup(
        kg.GAN,
        adam(1e-3),
        latents=("uniform", 100),
        batch=64,
        updates=100_000,
        data=MNIST,
        sizes=(114_064, 100_609),
        callbacks={"SampleGrid": {"grid": [8, 8], "every_steps": 500}},
    ),
    "dcgan-mnist": setup(
        kg.DCGAN,
        adam(1e-3),
        batch=32,
        updates=2001,
        data=MNIST,
        sizes=(865_281, 212_865),
        callbacks={"SampleGrid": {"grid": [5, 5], "every_steps": 200}},
    ),
    "gan-camel": setup(
        kg.GAN,
        (rmsprop(8e-4), rmsprop(4e-4)),
        batch=64,
        data=("camel.npy", (28, 28, 1)),
        sizes=(844_161, 720_833),
    ),
    "wgan-cifar10": setup(
        kg.WGAN,
        rmsprop(5e-5),
        n_critic=5,
        batch=128,
        data=CIFAR10,
        callbacks={"WeightClipping": {"clip_value": 0.01}},
    ),
    "wgan_gp-celeba": setup(
        kg.WGANGP, adam(2e-4, 0.5), n_critic=5, gp_weight=10.0, batch=64, data=FACES
    ),
    "dcgan-celeba": setup(
        kg.DCGAN, adam(2e-4, 0.5), latents=("uniform", 100), batch=128, epochs=25, data=FACES
    ),
    "sngan-cifar10": setup(
        kg.HingeGAN,
        (adam(linear(2e-4, 500_000), 0.0, 0.9), adam(linear(2e-4, 100_000), 0.0, 0.9)),
        n_critic=5,
        latents=("normal", 128),
        batch=64,
        updates=100_000,
        data=CIFAR10,
        trained=(4_276_739, 1_053_825),
    ),
    "projection-cifar10": setup(
        kg.HingeGAN,
        (adam(linear(2e-4, 500_000), 0.0, 0.9), adam(linear(2e-4, 100_000), 0.0, 0.9)),
        n_critic=5,
        latents=("normal", 128),
        batch=64,
        updates=100_000,
        data=CIFAR10,
        classes=10,
    ),
    "sagan-cifar10": setup(
        kg.HingeGAN,
        (adam(4e-4, 0.0, 0.9), adam(1e-4, 0.0, 0.9)),
        latents=("normal", 128),
        batch=64,
        data=CIFAR10,
        classes=10,
    ),
    "r3gan-cifar10": setup(
        kg.R3GAN,
        adam(cosine(2e-4, 5e-5, 20_000_000 / 512), 0.0, 0.99),
        gp_weight=cosine(0.05, 0.005, 20_000_000 / 512),
        ema_decay=half_life(cosine(0.0, 5e6, 20_000_000 / 512), 512),
        latents=("normal", 64),
        batch=512,
        updates=20_000_000 // 512,
        data=CIFAR10,
        classes=10,
        sizes=(20_781_952, 21_280_512),
    ),
    "wgan_gp-mnist-book": setup(
        kg.WGANGP,
        adam(2e-4),
        gp_weight=10.0,
        latents=("uniform", 20),
        batch=128,
        epochs=100,
        data=MNIST,
        sizes=(817_824, 1_040_385),
        callbacks={
            "LossCurves": {},
            "EpochSamples": {"epochs": [1, 2, 4, 10, 50, 100], "columns": 5},
        },
    ),
    "wgan_gp-mnist": setup(
        kg.WGANGP,
        adam(1e-4, 0.0, 0.9),
        n_critic=5,
        reuse_batch=True,
        gp_weight=10.0,
        batch=64,
        epochs=50,
        data=MNIST,
        sizes=(2_278_401, 10_807_302),
        callbacks={"SampleGrid": {"grid": [4, 4]}, "Checkpoint": {"every_epochs": 15}},
    ),
    "gan-grid": setup(
        kg.GAN,
        adam(1e-4, 0.8),
        latents=("normal", 2),
        batch=100,
        epochs=400,
        data=GRID,
        # Dense layers and batch normalisation 2-400-400-400-400-2; five pieces of 2-200-200-200, 1.
        sizes=(
            3 * 400 + 3 * 401 * 400 + 401 * 2 + 4 * 4 * 400,
            (3 + 2 * 201) * 1000 + 201,
        ),
    ),
    "gan-grid-blocks": setup(
        kg.GAN,
        adam(1e-4, 0.2),  # 1 - 0.8.
        latents=("normal", 2),
        batch=100,
        epochs=400,
        data=GRID,
        sizes=(489_602, 405_201),
    ),
    "wgan_gp-25gaussians": setup(
        kg.WGANGP,
        adam(1e-4, 0.5, 0.9),
        n_critic=5,
        gp_weight=0.1,
        latents=("normal", 2),
        batch=256,
        updates=100_000,
        data=GAUSSIANS,
        sizes=(3 * 512 + 2 * 513 * 512 + 513 * 2, 3 * 512 + 2 * 513 * 512 + 513),
    ),
    "wgan-25gaussians": setup(
        kg.WGAN,
        rmsprop(5e-5),
        n_critic=5,
        latents=("normal", 2),
        batch=256,
        updates=100_000,
        data=GAUSSIANS,
        sizes=(3 * 512 + 2 * 513 * 512 + 513 * 2, 3 * 512 + 2 * 513 * 512 + 513),
        callbacks={"WeightClipping": {"clip_value": 0.01}},
    ),
}
STACKED = {
    f"{name}-stacked": setup(
        kg.DCGAN,
        (adam(2e-4, 0.5, 0.99), adam(1e-4, 0.5, 0.99)),
        latents=("normal", 256),
        batch=128 * m,
        epochs=500,  # Of 1,000 steps.
        data=("stacked_mnist", (28, 28, 3)),
        # Each sample of a pack has 27 weights more in both filters of the first layer.
        trained=(287_875, 585 + (m - 1) * 27 * 2),
    )
    for m, name in enumerate(("dcgan", "pac2gan", "pac3gan", "pac4gan"), start=1)
}
SETUPS |= STACKED
DEFAULT = "hinge-mnist"
SMALL = "wgan_gp-digits"
# Which no source sets up.
OURS = {
    DEFAULT,
    "r3gan-mnist",
    "r3gan-aug-mnist",
    "r1gan-mnist",
    SMALL,
    "lsgan-digits",
    "hinge-digits",
    "dragan-digits",
    "r3gan-digits",
    "cgan-digits",
    "acgan-digits",
    "infogan-digits",
    "pac2gan-grid",
    "pac3gan-grid",
    "pac4gan-grid",
    "r3gan-100gaussians",
    "wgan_gp-grid",
}
WARNED = {}  # What building each preset warned of.


@pytest.fixture(scope="module")
def models():
    """Each preset's model, built from what JSON makes of the preset."""
    built = {}
    for name in kg.presets.names():
        preset = json.loads(json.dumps(kg.presets.get(name)))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            built[name] = kg.presets.build(preset)
        WARNED[name] = [str(warning.message) for warning in caught]
    return built


def test_the_table_is_complete():
    assert set(kg.presets.names()) == {*OURS, *SETUPS} and kg.presets.names()[0] == DEFAULT


@pytest.mark.parametrize("name", SETUPS)
def test_parameter_counts(name, models):
    gan, sizes = models[name], SETUPS[name]["sizes"]
    networks = gan.generator, gan.discriminator
    assert sizes in (None, tuple(network.count_params() for network in networks))
    # Without moving statistics, where a source counts so.
    trained = [sum(math.prod(w.shape) for w in n.trainable_weights) for n in networks]
    assert SETUPS[name]["trained"] in (None, tuple(trained))


@pytest.mark.parametrize("name", SETUPS)
def test_models_are_set_up_as_published(name, models):
    gan, expected = models[name], SETUPS[name]
    assert type(gan) is expected["variant"]
    for attribute in ("n_critic", "gp_weight", "reuse_batch", "ema_decay"):
        assert same(getattr(gan, attribute), expected[attribute]), attribute
    assert (gan.latent_distribution, gan.latent_dim) == expected["latents"]
    assert gan.sample_shape == expected["data"][1]
    assert gan.num_classes == expected["classes"]
    for optimizer, described in (
        (gan.d_optimizer, expected["d"]),
        (gan.g_optimizer, expected["g"]),
    ):
        assert type(optimizer).__name__ == described["class"]
        rate = optimizer._learning_rate  # The schedule, where it is one.
        assert same(rate if callable(rate) else float(rate), described["learning_rate"])
        for argument in set(described) - {"class", "learning_rate"}:
            assert getattr(optimizer, argument) == described[argument], argument
    assert gan.d_optimizer is not gan.g_optimizer


@pytest.mark.parametrize("name", SETUPS)
def test_training_is_as_published(name):
    preset, expected = kg.presets.get(name), SETUPS[name]
    data, shape = expected["data"]
    fit = preset["fit"]
    size = list(shape[:2]) if len(shape) == 3 else None
    assert preset["data"] == {"name": data, "size": size}
    assert fit["batch_size"] == expected["batch"]
    assert expected["epochs"] in (None, fit["epochs"])
    batches = 1 if expected["reuse_batch"] else expected["n_critic"]
    each = SAMPLES.get(data, 0) // (expected["batch"] * batches)
    if len(shape) == 3 and data != "stacked_mnist":  # However many images there are.
        assert fit["steps_per_epoch"] == each
    if expected["updates"]:
        assert (fit["epochs"] - 1) * each < expected["updates"] <= fit["epochs"] * each
    for callback, arguments in expected.get("callbacks", {}).items():
        assert preset["callbacks"][callback] == arguments
    assert ("WeightClipping" in preset["callbacks"]) == (expected["variant"] is kg.WGAN)


def test_the_small_one_suits_its_paper_and_its_data(models):
    gan, preset = models[SMALL], kg.presets.get(SMALL)
    assert type(gan) is kg.WGANGP and gan.n_critic == 5 and gan.gp_weight == 10.0
    assert not inspection.contains(gan.critic, keras.layers.BatchNormalization)
    assert preset["data"] == {"name": "digits", "size": [8, 8]}
    assert gan.sample_shape == (8, 8, 1)


def test_the_default_and_what_it_was_compared_with(models):
    gan = models[DEFAULT]
    assert type(gan) is kg.HingeGAN and gan.n_critic == 1
    assert inspection.contains(gan.discriminator, kg.layers.SpectralNormalization)
    assert not inspection.contains(gan.discriminator, keras.layers.BatchNormalization)
    r1, r3gan, augmented = (models[f"{name}-mnist"] for name in ("r1gan", "r3gan", "r3gan-aug"))
    assert type(r1) is kg.GAN and [type(p) for p in r1.penalties] == [kg.penalties.R1]
    assert type(r3gan) is kg.R3GAN and [p.weight for p in r3gan.penalties] == [1.0, 1.0]
    assert augmented.augment.policy == "translation" and gan.augment is None
    for each in (gan, r1, r3gan, augmented):
        assert each.generator.count_params() == gan.generator.count_params()
        # It falls over all steps.
        steps = kg.presets.get(each.name)["fit"]["epochs"] * 100
        assert same(each.d_optimizer._learning_rate, cosine(1.5e-3, 7.5e-5, steps))


def test_a_learning_rate_falls_to_nothing_with_the_epochs(models):
    gan, preset = models["wgan_gp-grid"], kg.presets.get("wgan_gp-grid")
    steps = preset["fit"]["epochs"] * (100_000 // (preset["fit"]["batch_size"] * gan.n_critic))
    for optimizer, updates in ((gan.d_optimizer, steps * gan.n_critic), (gan.g_optimizer, steps)):
        schedule = optimizer.get_config()["learning_rate"]["config"]
        assert schedule["initial_learning_rate"] == 1e-3
        # At most an epoch of updates is left over or lacking.
        assert abs(schedule["decay_steps"] - updates) < updates / preset["fit"]["epochs"]


def test_only_the_sources_critics_with_batch_normalisation_warn(models):
    warned = {name for name in models if any("BatchNormalization" in w for w in WARNED[name])}
    assert warned == {"wgan_gp-mnist-book", "wgan_gp-mnist"}


@pytest.mark.parametrize("name", kg.presets.names())
def test_a_preset_is_plain_data(name):
    preset = kg.presets.get(name)
    assert json.loads(json.dumps(preset)) == preset
    assert set(preset) == set(kg.presets.get(DEFAULT)) and preset["source"]
    assert set(preset["callbacks"]) <= set(kg.callbacks.__all__)


def test_get_returns_a_copy():
    untouched = copy.deepcopy(kg.presets.PRESETS)
    preset = kg.presets.get("wgan_gp-mnist")
    preset["compile"]["d_optimizer"]["learning_rate"] = 1.0
    preset["callbacks"]["SampleGrid"]["grid"].append(3)
    preset["generator"]["latent_dim"] = 1
    kg.presets.build("gan-mnist")
    assert kg.presets.PRESETS == untouched
    for name in kg.presets.names():
        assert kg.presets.get(name) == {"preset": name, **untouched[name]}


@pytest.mark.parametrize("name", kg.presets.names())
def test_no_value_stands_in_two_places(name):
    """Else who changes one optimizer's learning rate would change both."""

    def containers(value):
        if isinstance(value, dict | list):
            yield id(value)
            for each in value.values() if isinstance(value, dict) else value:
                yield from containers(each)

    preset = kg.presets.get(name)
    found = list(containers(preset))
    assert len(found) == len(set(found))


@pytest.mark.parametrize("function", [kg.presets.get, kg.presets.build])
def test_an_unknown_preset(function):
    with pytest.raises(ValueError, match="one of .*'hinge-mnist'.*Received: name='wgan'"):
        function("wgan")


def test_a_typing_mistake_is_told_the_nearest_name():
    with pytest.raises(ValueError, match=r"name='dcgan-mnst'; did you mean 'dcgan-mnist'\?$"):
        kg.presets.get("dcgan-mnst")


def test_build_takes_other_compile_arguments():
    optimizer = keras.optimizers.SGD(0.3)
    gan = kg.presets.build(SMALL, d_optimizer=optimizer, n_critic=2, ema_decay=None)
    assert gan.d_optimizer is optimizer and gan.n_critic == 2 and gan.gp_weight == 10.0
    assert gan.ema_generator is None and type(gan.g_optimizer) is kg.optimizers.Adam
    with pytest.raises(ValueError, match="GAN has no penalty. Received: gp_weight=10"):
        kg.presets.build("gan-mnist", gp_weight=10.0)


def test_networks_of_other_arguments():
    preset = kg.presets.get("wgan-cifar10")
    preset["generator"]["conv_filters"] = [8, 8, 8, 3]
    assert kg.presets.build(preset).generator.count_params() < 400_000


def test_each_build_has_models_and_optimizers_of_its_own():
    a, b = kg.presets.build(SMALL), kg.presets.build(SMALL)
    assert a.d_optimizer is not b.d_optimizer
    assert not np.array_equal(a.generator.weights[0], b.generator.weights[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", kg.presets.names())
def test_a_preset_trains_samples_saves_and_loads(name, tmp_path):
    """One step on noise of the data's shape, in batches of two, with the preset's callbacks."""
    preset = kg.presets.get(name)
    for arguments in preset["callbacks"].values():  # Soon enough for one step.
        arguments.update({k: 1 for k in ("every_steps", "every_epochs") if k in arguments})
    if name == "r3gan-cifar10":  # An eighth of its widths: whole, a step takes 11 GB.
        for part in ("generator", "discriminator"):
            preset[part].update({"widths": [96] * 4, "groups": [12] * 4})
    # Eager, as tracing takes longer than one step; two updates of a critic show what five do.
    n_critic = min(2, preset["compile"].get("n_critic", 1))
    gan = kg.presets.build(preset, run_eagerly=True, n_critic=n_critic)
    before = [[np.array(w) for w in n.weights] for n in (gan.generator, gan.discriminator)]
    batch_size = 2 * preset["discriminator"].get("pack", 1)
    count = batch_size * gan.batches_per_step
    x = np.random.default_rng(0).uniform(-1, 1, (count, *gan.sample_shape))
    preset["fit"].pop("steps_per_epoch", None)
    history = gan.fit(
        x.astype("float32"),
        np.arange(len(x)) % 2,
        batch_size=batch_size,
        verbose=0,
        callbacks=train.make_callbacks(preset, tmp_path),
    ).history
    assert gan.step == 1 and np.isfinite(list(history.values())).all()
    for network, weights in zip((gan.generator, gan.discriminator), before, strict=True):
        assert any(not np.array_equal(a, b) for a, b in zip(network.weights, weights, strict=True))

    images = gan.generate(3, seed=0)
    assert images.shape == (3, *gan.sample_shape)
    # Points have no bounds, nor has R3GAN's own generator.
    unbounded = gan.sample_shape == (2,) or name == "r3gan-cifar10"
    assert (gan.value_range is None) == unbounded
    assert unbounded or np.abs(images).max() <= 1
    gan.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(3, seed=0), images)
    written = {path.name for path in tmp_path.iterdir()}
    paths = {"SampleGrid": "samples", "Checkpoint": "checkpoints", "LossCurves": "losses.png"}
    paths |= {"EpochSamples": "epoch_samples.png"}
    expected = {paths[callback] for callback in preset["callbacks"] if callback in paths}
    assert written == expected | {"checkpoints", "history.csv", "model.keras"}


def test_lsgan_is_least_squares_on_the_small_networks(models):
    gan, default = models["lsgan-digits"], models[SMALL]
    assert type(gan) is kg.LSGAN and isinstance(gan.loss, kg.losses.LeastSquaresLoss)
    assert gan.generator.count_params() == default.generator.count_params()
    assert not gan.penalties and gan.n_critic == 1


def test_cgan_concatenates_labels(models):
    gan = models["cgan-digits"]
    assert gan.conditional and gan.num_classes == 10
    # Ten more inputs of 256 units each.
    extra = 10 * 256
    for ours, plain in ((gan.generator, "generator"), (gan.discriminator, "discriminator")):
        assert ours.count_params() == getattr(models[SMALL], plain).count_params() + extra


# Presets of the user's own


def own_generator(latent_dim, units):
    return keras.Sequential(
        [keras.Input((latent_dim,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(2)]
    )


OWN = {
    "model": {"class": "GAN"},
    "generator": {"builder": f"{__name__}:own_generator", "latent_dim": 3, "units": 7},
    "discriminator": {"builder": "mlp_discriminator", "input_shape": [2]},
}


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(kg.presets, "PRESETS", copy.copy(kg.presets.PRESETS))
    kg.presets.register("mine", OWN)
    return kg.presets.get("mine")


def test_an_own_preset_by_name(registered):
    """Without optimizers: those of the variant. With a builder of another module."""
    assert kg.presets.names()[-1] == "mine" and registered["preset"] == "mine"
    gan = kg.presets.build("mine")
    assert gan.name == "mine" and gan.generator.layers[0].units == 7
    assert type(gan.d_optimizer) is kg.optimizers.Adam
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(2e-4)


def test_an_own_preset_in_a_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({**OWN, "compile": {"n_critic": 2}}))
    gan = kg.presets.build(path, ema_decay=0.9)
    assert (gan.name, gan.n_critic, gan.ema_decay) == ("mine", 2, 0.9)
    assert kg.presets.get(str(path))["preset"] == "mine"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "readable JSON file of a preset. Received: .*bad.json"),
        ("[1]", "preset of the parts .* Received: .*bad.json with \\[1\\]"),
        ('{"model": {"class": "GAN"}}', r"at least \['discriminator', 'generator', 'model'\]"),
        (json.dumps({**OWN, "optimiser": {}}), "Received: .*'optimiser'"),
        (json.dumps({**OWN, "model": {"class": "NoGAN"}}), "Received: class='NoGAN'"),
        (
            json.dumps({**OWN, "generator": {"builder": "no_such_module:build"}}),
            "'module:name'. Received: builder='no_such_module:build'",
        ),
    ],
)
def test_a_file_that_holds_no_preset(content, message, tmp_path):
    (tmp_path / "bad.json").write_text(content)
    with pytest.raises(ValueError, match=message):
        kg.presets.build(tmp_path / "bad.json")


def test_an_own_preset_in_yaml(tmp_path):
    """With numbers as people write them: YAML 1.1 would read 1e-4 as text."""
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"""
        model: {{class: GAN}}
        generator: {{builder: "{__name__}:own_generator", latent_dim: 3, units: 7}}
        discriminator: {{builder: mlp_discriminator, input_shape: [2]}}
        compile:
          n_critic: 2
          d_optimizer: {{class: Adam, learning_rate: 1e-4}}
        """
    )
    gan = kg.presets.build(path)
    assert (gan.name, gan.n_critic) == ("mine", 2)
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(1e-4)
    path.write_text("model: {")
    with pytest.raises(ValueError, match="readable YAML file of a preset. Received: .*mine.yaml"):
        kg.presets.build(path)


@pytest.mark.parametrize(
    ("field", "nearest"),
    [
        ("compile.d_optimiser", "compile.d_optimizer"),
        ("compile.d_optimizer.learning_rat", "compile.d_optimizer.learning_rate"),
        ("generator.hiden", "generator.hidden"),
        ("discriminator.input_shap", "discriminator.input_shape"),
        ("model.latent_distribtion", "model.latent_distribution"),
        ("fit.epoch", "fit.epochs"),
        ("data.nam", "data.name"),
        ("callbacks.SampleGrids", "callbacks.SampleGrid"),
        ("callbacks.SampleGrid.every_epoch", "callbacks.SampleGrid.every_epochs"),
    ],
)
def test_an_unknown_field_is_told_the_nearest(field, nearest):
    preset = kg.presets.get("wgan_gp-digits")
    with pytest.raises(ValueError, match=f"Received: .*{field}; did you mean {nearest}\\?$"):
        kg.presets.changed(preset, {field: {}})


def test_fields_of_penalties_and_schedules_are_known():
    for name, field in (
        ("r1gan-mnist", "compile.penalties.0.wight"),
        ("hinge-mnist", "compile.d_optimizer.learning_rate.strt"),
        ("r3gan-cifar10", "compile.ema_decay.images.strt"),
        ("r3gan-aug-mnist", "compile.augment.polcy"),
    ):
        with pytest.raises(ValueError, match=f"Received: .*{field}; did you mean"):
            kg.presets.changed(kg.presets.get(name), {field: 1})


def test_changed_fields():
    """The preset itself stays; of two optimizers that are alike one changes."""
    preset = kg.presets.get("r1gan-mnist")
    before = copy.deepcopy(preset)
    changes = {
        "generator.latent_dim": 16,
        "compile.d_optimizer.learning_rate": 1e-4,
        "compile.penalties.0.weight": 0.5,
        "callbacks.CollapseWarning": {},
        "fit.epochs": 7,
    }
    gan = kg.presets.build(result := kg.presets.changed(preset, changes))
    assert preset == before and result["fit"]["epochs"] == 7
    assert result["preset"] == "r1gan-mnist" and result["callbacks"]["CollapseWarning"] == {}
    assert gan.latent_dim == 16 and gan.penalties[0].weight == 0.5
    assert float(gan.d_optimizer.learning_rate) == pytest.approx(1e-4)
    assert float(gan.g_optimizer.learning_rate) == pytest.approx(1.5e-3)


@pytest.mark.parametrize("field", ["compile.augment.policy", "compile.penalties.1", "fit.epochs.x"])
def test_a_field_inside_nothing(field):
    with pytest.raises(ValueError, match=f"Expected the field '{field}' to be in the preset"):
        kg.presets.changed(kg.presets.get("wgan_gp-digits"), {field: 1})


@pytest.mark.parametrize("name", kg.presets.names())
def test_all_presets_have_only_known_fields(name):
    preset = kg.presets.get(name)
    assert kg.presets.changed(preset, {}) == preset


def test_a_name_is_taken_once(registered):
    for name in ("mine", DEFAULT):
        with pytest.raises(ValueError, match=f"new name of a preset. Received: name='{name}'"):
            kg.presets.register(name, OWN)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_dtype_policy_is_of_both_networks_and_of_nothing_else(policy):
    gan = kg.presets.build({**kg.presets.get("wgan_gp-digits"), "dtype_policy": policy})
    assert gan.generator.dtype_policy.name == gan.discriminator.dtype_policy.name == policy
    assert {v.dtype for v in gan.generator.trainable_variables} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    scaled = isinstance(gan.g_optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
