"""The builders against their sources, and what is read off a network."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import keras_gans as kg
from keras_gans.layers import UpSampledConv2D
from keras_gans.networks import inspection

LISTS = {"conv_filters": (4, 3), "conv_kernel_size": (5, 3), "conv_strides": (2, 1)}

PARTS = ("generator", "discriminator")

# A small network of each builder: arguments, input shape, output shape.
GENERATORS = {
    "conv_generator": (
        {"latent_dim": 5, "initial_shape": (2, 2, 4), **LISTS, "upsample": (1, 2)},
        (5,),
        (8, 8, 3),
    ),
    "mlp_generator": ({"latent_dim": 5, "output_shape": (4, 6, 3)}, (5,), (4, 6, 3)),
    "transposed_generator": (
        {"latent_dim": 5, "output_shape": (8, 16, 3), "filters": 8, "blocks": 2},
        (5,),
        (8, 16, 3),
    ),
    "upsampling_generator": (
        {"latent_dim": 5, "initial_size": 2, "filters": 8, "channels": 3},
        (5,),
        (8, 8, 3),
    ),
    "stacked_generator": ({"latent_dim": 5}, (5,), (28, 28, 3)),
    "wgan_gp_mnist_generator": ({"latent_dim": 5}, (5,), (28, 28, 1)),
}
DISCRIMINATORS = {
    "conv_discriminator": ({"input_shape": (9, 8, 3), **LISTS}, (9, 8, 3), (1,)),
    "maxout_discriminator": ({"input_shape": (4, 6, 3), "hidden": (8, 8)}, (4, 6, 3), (1,)),
    "mlp_discriminator": ({"input_shape": (4, 6, 3), "hidden": (8, 8)}, (4, 6, 3), (1,)),
    "stacked_discriminator": ({}, (28, 28, 3), (1,)),
    "strided_discriminator": ({"input_shape": (9, 8, 3), "filters": 4}, (9, 8, 3), (1,)),
    "wgan_gp_mnist_critic": ({}, (28, 28, 1), (1,)),
}
BUILDERS = {**GENERATORS, **DISCRIMINATORS}
# In tests/test_networks_published.py.
PUBLISHED = [
    name for name in kg.networks.__all__ if name.startswith(("r3gan", "sn", "sa", "dcgan"))
]
NORMALISED = {"conv_generator": 0.9, "conv_discriminator": 0.9}  # Where a momentum asks for it.


def build(name, **changes):
    return getattr(kg.networks, name)(**{**BUILDERS[name][0], **changes})


@pytest.fixture(scope="module", params=BUILDERS)
def built(request):
    """Each builder in turn, with its network."""
    return request.param, build(request.param)


def inputs(network, n=4, scale=1.0):
    shape = (n, *network.input_shape[1:])
    return scale * np.random.default_rng(0).normal(size=shape).astype("float32")


def test_the_table_of_builders_is_complete():
    elsewhere = {"with_heads", *PUBLISHED}
    assert set(BUILDERS) == set(kg.networks.__all__) - elsewhere


def test_shapes(built):
    name, network = built
    _, input_shape, output_shape = BUILDERS[name]
    assert network.input_shape == (None, *input_shape)
    assert network.output_shape == (None, *output_shape)
    assert network(inputs(network)).shape == (4, *output_shape)
    assert network.name == ("generator" if name in GENERATORS else "discriminator")


def test_summary_shows_the_shape_of_each_layer(built):
    _, network = built
    lines = []
    network.summary(print_fn=lambda line, **_: lines.append(line), line_length=120)
    text = "\n".join(lines)
    assert "unbuilt" not in text and "?" not in text
    assert f"{network.count_params():,}" in text
    for layer in network.layers:
        assert str(tuple(layer.output.shape)) in text, layer.name


def test_serialisation(built, tmp_path):
    _, network = built
    x = inputs(network)
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    for other in (copy, loaded):
        np.testing.assert_array_equal(other(x), network(x))
        assert [layer.get_config() for layer in other.layers] == [
            layer.get_config() for layer in network.layers
        ]


def test_each_network_has_weights_of_its_own(built):
    name, network = built
    assert not np.array_equal(build(name).weights[0], network.weights[0])


@pytest.mark.parametrize("name", GENERATORS)
def test_generators_fill_the_range(name):
    arguments = {"output_activation": "sigmoid"} if name == "mlp_generator" else {}
    network = build(name, **arguments)
    assert inspection.output_range(network) == (-1.0, 1.0)
    x = np.array(network(inputs(network, scale=1e5)))
    assert -1 <= x.min() < -0.99 and 0.99 < x.max() <= 1


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_discriminators_output_logits(name):
    network = build(name)
    assert not inspection.ends_in_probabilities(network)
    assert inspection.output_range(network) is None
    logits = np.array(network(inputs(network, n=64, scale=1e5)))
    assert np.abs(logits).max() > 10


def norms(network):
    return [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]


@pytest.mark.parametrize(
    "name", sorted(set(BUILDERS) - {"mlp_discriminator", "maxout_discriminator"})
)
def test_synchronized_reaches_every_batch_normalisation(name):
    changes = {"batch_norm_momentum": NORMALISED[name]} if name in NORMALISED else {}
    changes |= {"batch_norm": True} if name == "mlp_generator" else {}
    for synchronized in (True, False):
        found = norms(build(name, **changes, synchronized=synchronized))
        assert found and {layer.synchronized for layer in found} == {synchronized}
    assert not any(layer.synchronized for layer in norms(build(name, **changes)))


# Labels

CLASSES = 4


def conditional(name, **changes):
    """A network of labels, and that of vectors whose weights it has: the same stack."""
    keras.utils.set_random_seed(0)  # Some draws leave a sample with no active unit.
    network = build(name, **{"num_classes": CLASSES, **changes})
    size = int(np.prod(network.input_shape[0][1:])) + changes.pop("num_classes", CLASSES)
    changes |= {"latent_dim": size} if name in GENERATORS else {"input_shape": (size,)}
    stack = build(name, **changes)
    stack.set_weights(network.get_weights())
    return network, stack


def labelled(network, labels):
    x = np.random.default_rng(0).normal(size=(len(labels), *network.input_shape[0][1:]))
    return x.astype("float32"), np.array(labels)


@pytest.fixture(params=["mlp_generator", "mlp_discriminator"])
def conditional_name(request):
    return request.param


@pytest.mark.parametrize("kind", ["int32", "int64", "uint8"])
@pytest.mark.parametrize("labels", [[2], [0, 3, 1, 1]])
def test_labels_follow_the_input_one_hot(conditional_name, labels, kind):
    network, stack = conditional(conditional_name)
    x, labels = labelled(network, labels)
    rows = np.concatenate([x.reshape(len(x), -1), np.eye(CLASSES)[labels]], axis=1)
    outputs = network((x, labels.astype(kind)))
    np.testing.assert_allclose(outputs, stack(rows.astype("float32")), rtol=1e-5, atol=1e-6)


def test_a_conditional_network_has_two_inputs_and_the_name_of_its_part(conditional_name):
    network, stack = conditional(conditional_name)
    _, input_shape, output_shape = BUILDERS[conditional_name]
    assert network.input_shape == [(None, *input_shape), (None,)]
    assert network.output_shape == (None, *output_shape)
    assert (network.inputs[1].name, network.inputs[1].dtype) == ("labels", "int32")
    assert network.name == stack.name == build(conditional_name).name
    assert isinstance(build(conditional_name), keras.Sequential)
    labels = [layer for layer in network.layers if isinstance(layer, layers.CategoryEncoding)]
    assert [layer.num_tokens for layer in labels] == [CLASSES]


def test_parameters_of_conditional_networks():
    generator = kg.networks.mlp_generator(5, (4, 6, 3), (7, 6), num_classes=CLASSES)
    assert generator.count_params() == (5 + CLASSES + 1) * 7 + (7 + 1) * 6 + (6 + 1) * 4 * 6 * 3
    discriminator = kg.networks.mlp_discriminator((4, 6, 3), (8, 9), num_classes=CLASSES)
    sample = 4 * 6 * 3 + CLASSES + 1
    assert discriminator.count_params() == sample * 8 + (8 + 1) * 9 + (9 + 1) * 1


def test_each_output_depends_on_its_own_label_only(conditional_name):
    network, _ = conditional(conditional_name)
    x, labels = labelled(network, [0, 1, 2, 3])
    before = np.array(network((x, labels)))
    for i in range(len(labels)):
        changed = labels.copy()
        changed[i] = (changed[i] + 1) % CLASSES
        after = np.array(network((x, changed)))
        assert np.abs(after[i] - before[i]).max() > 1e-3
        others = np.arange(len(labels)) != i
        np.testing.assert_allclose(after[others], before[others], rtol=1e-6, atol=1e-7)


def test_conditional_networks_can_be_saved(conditional_name, tmp_path):
    network, _ = conditional(conditional_name)
    x, labels = labelled(network, [3, 0, 2])
    network.save(tmp_path / "network.keras")
    loaded = keras.saving.load_model(tmp_path / "network.keras")
    np.testing.assert_array_equal(loaded((x, labels)), network((x, labels)))
    assert [layer.get_config() for layer in loaded.layers] == [
        layer.get_config() for layer in network.layers
    ]


@pytest.fixture(params=["float32", "mixed_float16", "mixed_bfloat16"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def test_large_labels_are_told_apart_in_all_precisions(conditional_name, policy):
    """Half precision has no 257 or 2049: labels must not pass through it on their way."""
    initializer = keras.initializers.RandomNormal(stddev=1.0, seed=0)
    network, stack = conditional(conditional_name, num_classes=3000, kernel_initializer=initializer)
    x, labels = labelled(network, [0, 257, 299, 2049, 2999])
    x = 0 * x  # For outputs of labels alone.
    rows = np.concatenate([x.reshape(len(x), -1), np.eye(3000)[labels]], axis=1)
    expected = tf.cast(stack(rows.astype("float32")), "float32")
    inputs = tf.constant(x), tf.constant(labels, "int32")
    for call in (
        network,
        tf.function(network),
        tf.function(network, jit_compile=True),
        lambda inputs: network.predict(inputs, verbose=0),
    ):
        outputs = call(inputs)
        assert outputs.dtype == policy.removeprefix("mixed_")
        # In half precision within one unit in the last place of bfloat16.
        rtol, atol = (0.0, 1e-5) if policy == "float32" else (2.0**-7, 0.03)
        np.testing.assert_allclose(tf.cast(outputs, "float32"), expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("num_classes", [0, -3])
def test_too_few_classes(conditional_name, num_classes):
    with pytest.raises(ValueError, match="at least one class. Received: num_classes=.*; pass None"):
        build(conditional_name, num_classes=num_classes)


def test_what_is_read_off_conditional_networks():
    generator, discriminator = (conditional(f"mlp_{part}")[0] for part in PARTS)
    assert inspection.output_range(generator) == (-1.0, 1.0)
    assert not inspection.ends_in_probabilities(discriminator)
    for network in (generator, discriminator):
        assert inspection.keeps_samples_apart(network)
        assert inspection.num_classes(network) == CLASSES


# The sources, layer by layer


def describe(layer):
    """A layer in a few words; what is not said is "same" padding, stride 1, a bias, linear."""
    c = layer.get_config()
    match layer:
        case layers.Dense():
            words = ["dense", c["units"]]
        case UpSampledConv2D():
            words = ["double conv", c["filters"], *square("k", c["kernel_size"])]
        case layers.Conv2D() | layers.Conv2DTranspose():
            kind = "conv" if isinstance(layer, layers.Conv2D) else "deconv"
            words = [kind, c["filters"], *square("k", c["kernel_size"])]
            words += square("s", c["strides"]) if c["strides"] != (1, 1) else []
            words += [c["padding"]] if c["padding"] != "same" else []
        case layers.BatchNormalization():
            return f"bn {c['momentum']:g}"
        case layers.LeakyReLU():
            return f"leaky {c['negative_slope']:g}"
        case layers.ReLU():
            return "relu"
        case layers.Activation():
            return c["activation"]
        case layers.Dropout():
            return f"dropout {c['rate']:g}"
        case layers.Rescaling():
            return f"rescale {c['scale']:g} {c['offset']:g}"
        case _:
            return " ".join([type(layer).__name__.lower(), *map(str, c.get("target_shape", ()))])
    words += [] if c["use_bias"] else ["no bias"]
    words += [c["activation"]] if c["activation"] != "linear" else []
    return " ".join(map(str, words))


def square(letter, sides):
    assert len(set(sides)) == 1
    return [f"{letter}{sides[0]}"]


def lines(*blocks):
    return [line for block in blocks for line in block.split(", ")]


PRESET_NETWORKS = {
    ("wgan_gp-mnist-book", "generator"): lines(  # Python Machine Learning, chapter 17, cell 9
        "dense 6272 no bias, bn 0.99, leaky 0.3, reshape 7 7 128",
        "deconv 128 k5 no bias, bn 0.99, leaky 0.3",
        "deconv 64 k5 s2 no bias, bn 0.99, leaky 0.3",
        "deconv 32 k5 s2 no bias, bn 0.99, leaky 0.3",
        "deconv 1 k5 no bias tanh",
    ),
    ("wgan_gp-mnist-book", "discriminator"): lines(
        "conv 64 k5, bn 0.99, leaky 0.3",
        "conv 128 k5 s2, bn 0.99, leaky 0.3, dropout 0.3",
        "conv 256 k5 s2, bn 0.99, leaky 0.3, dropout 0.3",
        "conv 1 k7 valid, reshape 1",
    ),
    ("dcgan-mnist", "generator"): lines(  # An up-sampling DCGAN for MNIST in Keras
        "dense 6272, leaky 0.2, bn 0.99, reshape 7 7 128",
        "double conv 64 k5, bn 0.99, leaky 0.2",
        "double conv 1 k5 tanh",
    ),
    # The sigmoid at the end of the source's discriminators belongs to the loss here.
    ("dcgan-mnist", "discriminator"): lines(
        "conv 64 k5 s2, leaky 0.2, dropout 0.3",
        "conv 128 k5 s2, leaky 0.2, dropout 0.3",
        "flatten, dense 1",
    ),
    ("gan-camel", "generator"): lines(  # Generative Deep Learning, chapter 4, section 1
        "dense 3136, bn 0.9, relu, reshape 7 7 64",
        "double conv 128 k5, bn 0.9, relu",
        "double conv 64 k5, bn 0.9, relu",
        "deconv 64 k5, bn 0.9, relu, deconv 1 k5, tanh",
    ),
    ("gan-camel", "discriminator"): lines(
        "conv 64 k5 s2, relu, dropout 0.4, conv 64 k5 s2, relu, dropout 0.4",
        "conv 128 k5 s2, relu, dropout 0.4, conv 128 k5, relu, dropout 0.4",
        "flatten, dense 1",
    ),
    ("wgan-cifar10", "generator"): lines(  # The same chapter, section 2
        "dense 2048, bn 0.8, leaky 0.2, reshape 4 4 128",
        "double conv 128 k5, bn 0.8, leaky 0.2",
        "double conv 64 k5, bn 0.8, leaky 0.2",
        "double conv 32 k5, bn 0.8, leaky 0.2",
        "deconv 3 k5, tanh",
    ),
    ("wgan-cifar10", "discriminator"): lines(
        "conv 32 k5 s2, leaky 0.2, conv 64 k5 s2, leaky 0.2",
        "conv 128 k5 s2, leaky 0.2, conv 128 k5, leaky 0.2, flatten, dense 1",
    ),
    ("wgan_gp-celeba", "generator"): lines(  # The same chapter, section 3
        "dense 8192, bn 0.9, leaky 0.2, reshape 4 4 512",
        "deconv 256 k5 s2, bn 0.9, leaky 0.2, deconv 128 k5 s2, bn 0.9, leaky 0.2",
        "deconv 64 k5 s2, bn 0.9, leaky 0.2, deconv 3 k5 s2, tanh",
    ),
    ("wgan_gp-celeba", "discriminator"): lines(
        "conv 64 k5 s2, leaky 0.2, conv 128 k5 s2, leaky 0.2",
        "conv 256 k5 s2, leaky 0.2, conv 512 k5 s2, leaky 0.2, flatten, dense 1",
    ),
    (
        "wgan_gp-mnist",
        "generator",
    ): lines(  # A WGAN-GP tutorial for MNIST in TensorFlow 2, its summary
        "dense 12544, bn 0.99, reshape 7 7 256",
        "deconv 256 k3 s2, bn 0.99, relu, deconv 128 k3, bn 0.99, relu",
        "deconv 64 k3 s2, bn 0.99, relu, deconv 1 k3, tanh",
    ),
    ("wgan_gp-mnist", "discriminator"): lines(
        "conv 128 k3 s2 valid, leaky 0.2",
        "conv 256 k3 s2 valid, bn 0.99, leaky 0.2",
        "conv 512 k4 s2, bn 0.99, leaky 0.2",
        "conv 1024 k4 s2, bn 0.99, leaky 0.2",
        "conv 1 k4, flatten, dense 1",
    ),
    ("gan-mnist", "generator"): lines(
        # An MLP GAN in TensorFlow 1; [0, 1] there, scaled to [-1, 1] here.
        "dense 128, relu, dense 784 sigmoid, rescale 2 -1, reshape 28 28 1"
    ),
    ("gan-mnist", "discriminator"): lines("flatten, rescale 0.5 0.5, dense 128 relu, dense 1"),
    # The code of PacGAN; a bias before batch normalisation, which it leaves out, has no effect.
    ("gan-grid", "generator"): lines(*4 * ["dense 400, bn 0.95, relu"], "dense 2"),
}


def preset_network(preset, part):
    description = dict(kg.presets.get(preset)[part])
    return getattr(kg.networks, description.pop("builder"))(**description)


@pytest.mark.parametrize(("preset", "part"), PRESET_NETWORKS)
def test_layers_are_those_of_the_source(preset, part):
    network = preset_network(preset, part)
    assert [describe(layer) for layer in network.layers] == PRESET_NETWORKS[preset, part]


@pytest.mark.parametrize(
    ("preset", "part", "sizes"),
    [  # As the sources print them; layers without weights left out.
        ("dcgan-mnist", "generator", [633472, 25088, 204864, 256, 1601]),
        ("dcgan-mnist", "discriminator", [1664, 204928, 6273]),
        (
            "wgan_gp-mnist",
            "generator",
            [1266944, 50176, 590080, 1024, 295040, 512, 73792, 256, 577],
        ),
        (
            "wgan_gp-mnist",
            "discriminator",
            [1280, 295168, 1024, 2097664, 2048, 8389632, 4096, 16385, 5],
        ),
        (
            "wgan_gp-mnist-book",
            "generator",
            [125440, 25088, 409600, 512, 204800, 256, 51200, 128, 800],
        ),
    ],
)
def test_sizes_of_layers_are_those_of_the_source(preset, part, sizes):
    network = preset_network(preset, part)
    assert [layer.count_params() for layer in network.layers if layer.weights] == sizes


@pytest.mark.parametrize(
    ("preset", "std", "bias"),
    [("gan-mnist", 0.05, 0.1), ("gan-camel", 0.02, 0.0), ("wgan_gp-celeba", 0.02, 0.0)],
)
def test_initial_weights_are_those_of_the_source(preset, std, bias):
    for part in PARTS:
        for layer in preset_network(preset, part).layers:
            if hasattr(layer, "kernel"):
                kernel = np.array(layer.kernel)
                error = 5 / np.sqrt(kernel.size)  # Five standard errors.
                assert abs(kernel.std() / std - 1) < error and abs(kernel.mean() / std) < error
                np.testing.assert_array_equal(
                    layer.bias, np.full(layer.bias.shape, bias, "float32")
                )


# Arguments


def test_conv_lists_of_other_lengths():
    for name in ("conv_generator", "conv_discriminator"):
        with pytest.raises(ValueError, match=r"one entry for each.*Received: .*lengths \[3, 2, 2"):
            build(name, conv_filters=(4, 4, 3))


@pytest.mark.parametrize("upsample", [(1, 4), (0, 2)])
def test_upsample_is_one_or_two(upsample):
    with pytest.raises(ValueError, match="1 or 2.*Received: upsample="):
        build("conv_generator", upsample=upsample)


@pytest.mark.parametrize("shape", [(30, 28, 1), (28, 30, 1)])
def test_sides_that_cannot_be_doubled_up_to(shape):
    with pytest.raises(ValueError, match="divisible by 4, to be halved 2 times. Received: height="):
        kg.networks.transposed_generator(output_shape=shape)


def test_a_misspelt_activation():
    for name in ("conv_generator", "conv_discriminator", "mlp_generator", "mlp_discriminator"):
        with pytest.raises(ValueError, match="activation.*leaky"):
            build(name, activation="leaky")


def test_options_of_conv_networks():
    plain = build("conv_generator", batch_norm_momentum=None)
    full = build("conv_generator", batch_norm_momentum=0.7, dropout_rate=0.2, activation="selu")
    assert [describe(layer) for layer in plain.layers] == lines(
        "dense 16, relu, reshape 2 2 4, deconv 4 k5 s2, relu, double conv 3 k3, tanh"
    )
    assert [describe(layer) for layer in full.layers] == lines(
        "dense 16, bn 0.7, selu, reshape 2 2 4, dropout 0.2",
        "deconv 4 k5 s2, bn 0.7, selu, double conv 3 k3, tanh",
    )
    critic = build("conv_discriminator", batch_norm_momentum=0.7, dropout_rate=0.2)
    assert [
        describe(layer) for layer in critic.layers
    ] == lines(  # As in the source, none on the first
        "conv 4 k5 s2, leaky 0.2, dropout 0.2, conv 3 k3, bn 0.7, leaky 0.2, dropout 0.2",
        "flatten, dense 1",
    )


def test_mlps_of_vectors():
    generator = kg.networks.mlp_generator(2, (3,), (4,), output_activation=None, batch_norm=True)
    assert [describe(layer) for layer in generator.layers] == lines(
        "dense 4, bn 0.99, relu, dense 3"
    )
    discriminator = kg.networks.mlp_discriminator((3,), (4, 5))
    assert [describe(layer) for layer in discriminator.layers] == lines(
        "dense 4 relu, dense 5 relu, dense 1"
    )


# Inspection


def sequential(*stack, shape=(4,)):
    return keras.Sequential([keras.Input(shape), *stack])


def functional(*stack):
    x = entry = keras.Input((4,))
    for layer in stack:
        x = layer(x)
    return keras.Model(entry, x)


BOUNDED = {
    "tanh": lambda: [layers.Dense(4, "tanh")],
    "tanh layer": lambda: [layers.Activation("tanh")],
    "tanh reshaped": lambda: [layers.Dense(4, "tanh"), layers.Reshape((2, 2)), layers.Flatten()],
    "tanh enlarged": lambda: [
        layers.Dense(4, "tanh"),
        layers.Reshape((2, 2, 1)),
        layers.UpSampling2D(),
        layers.Cropping2D(1),
        layers.Dropout(0.5),
    ],
    "sigmoid": lambda: [layers.Dense(4, "sigmoid")],
    "sigmoid scaled": lambda: [layers.Dense(4, "sigmoid"), layers.Rescaling(2.0, -1.0)],
    "scaled twice": lambda: [
        layers.Dense(4, "sigmoid"),
        layers.Rescaling(2, -1),
        layers.Reshape((2, 2)),
        layers.Rescaling(3.0, 0.5),
    ],
    "turned around": lambda: [layers.Dense(4, "hard_sigmoid"), layers.Rescaling(-2.0)],
    "nested": lambda: [sequential(layers.Dense(4, "tanh")), sequential(layers.Rescaling(0.5, 0.5))],
    "nested twice": lambda: [sequential(sequential(layers.Dense(4), layers.Activation("sigmoid")))],
}


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("wrap", [sequential, functional])
def test_output_range_is_what_extreme_inputs_reach(name, wrap):
    network = wrap(*BOUNDED[name]())
    outputs = np.array(network(inputs(network, n=50, scale=1e4)))
    expected = (outputs.min(), outputs.max())
    assert inspection.output_range(network) == pytest.approx(expected, abs=1e-6)


UNBOUNDED = {
    "linear": lambda: [layers.Dense(4)],
    "relu": lambda: [layers.Dense(4, "relu")],
    "leaky": lambda: [layers.Dense(4, "tanh"), layers.LeakyReLU(0.2)],
    "normalised": lambda: [layers.Dense(4, "tanh"), layers.BatchNormalization()],
    "mixed again": lambda: [layers.Dense(4, "tanh"), layers.Dense(4), layers.Rescaling(2.0)],
    "nothing": lambda: [layers.Reshape((2, 2))],
    "scaled apart": lambda: [layers.Dense(4, "tanh"), layers.Rescaling([1.0, 2.0, 3.0, 4.0])],
    "moved apart": lambda: [layers.Dense(4, "tanh"), layers.Rescaling(1.0, [1.0, 2.0, 3.0, 4.0])],
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_no_output_range(name):
    assert inspection.output_range(sequential(*UNBOUNDED[name]())) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda: [layers.Dense(1, "sigmoid")],
        lambda: [layers.Dense(1), layers.Activation("sigmoid")],
        lambda: [layers.Dense(3), layers.Softmax()],
        lambda: [layers.Dense(3, "softmax")],
        lambda: [layers.Dense(1, "hard_sigmoid"), layers.Reshape((1, 1)), layers.Flatten()],
        lambda: [sequential(layers.Dense(1, "sigmoid")), layers.Dropout(0.1)],
    ],
)
def test_ends_in_probabilities(end):
    assert inspection.ends_in_probabilities(sequential(*end()))
    assert inspection.ends_in_probabilities(functional(*end()))
    assert not inspection.ends_in_probabilities(sequential(*end(), layers.Dense(1)))


@pytest.mark.parametrize(
    "end",
    [
        lambda: [layers.Dense(1)],
        lambda: [layers.Dense(1, "tanh")],
        lambda: [layers.Dense(1), layers.LeakyReLU(0.2)],
        lambda: [layers.Dense(8, "sigmoid"), layers.Dense(1), layers.Reshape((1, 1))],
        lambda: [layers.Reshape((2, 2))],
    ],
)
def test_does_not_end_in_probabilities(end):
    assert not inspection.ends_in_probabilities(sequential(*end()))


def test_contains_looks_into_nested_networks():
    inner = sequential(layers.Dense(4), layers.BatchNormalization())
    for network in (inner, sequential(inner, layers.Dense(1)), functional(sequential(inner))):
        assert inspection.contains(network, layers.BatchNormalization)
        assert not inspection.contains(network, layers.Dropout)


def test_leaf_layers_are_in_order():
    inner = sequential(layers.Dense(2), layers.ReLU())
    network = sequential(layers.Dense(4), inner, layers.Dense(1))
    kinds = [type(layer).__name__ for layer in inspection.leaf_layers(network)]
    assert [kind for kind in kinds if kind != "InputLayer"] == ["Dense", "Dense", "ReLU", "Dense"]
