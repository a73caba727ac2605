"""The optimizers against the formulas of their papers and against Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_gans as kg

SHAPES = [(3, 4), (4,), ()]
STEPS = 5


def gradients(seed=0):
    rng = np.random.default_rng(seed)
    return [[rng.normal(size=shape).astype("float32") for shape in SHAPES] for _ in range(STEPS)]


def variables():
    rng = np.random.default_rng(9)
    return [keras.Variable(rng.normal(size=shape).astype("float32")) for shape in SHAPES]


def trained(optimizer, steps=None, weights=None):
    weights = weights or variables()
    apply = tf.function(lambda grads: optimizer.apply(grads, weights))
    optimizer.build(weights)
    for step in steps or gradients():
        apply([tf.constant(g) for g in step])
    return weights


@pytest.mark.parametrize(("rate", "beta_1", "beta_2"), [(1e-3, 0.9, 0.999), (0.1, 0.0, 0.9)])
def test_adam_is_the_papers(rate, beta_1, beta_2):
    found = trained(kg.optimizers.Adam(rate, beta_1, beta_2))
    for i, start in enumerate(variables()):
        w, m, v = np.array(start, "float64"), 0.0, 0.0
        for t, step in enumerate(gradients(), start=1):
            m = beta_1 * m + (1 - beta_1) * step[i].astype("float64")
            v = beta_2 * v + (1 - beta_2) * step[i].astype("float64") ** 2
            # The formula of section 2 in its efficient order, as Keras has it.
            w = w - rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + 1e-7)
        np.testing.assert_allclose(found[i], w, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-3},
        {"amsgrad": True},
        {"weight_decay": 0.1},
        {"clipnorm": 0.5},
        {"global_clipnorm": 0.5},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)},
    ],
    ids=[
        "defaults",
        "of WGAN-GP",
        *["amsgrad", "decay", "clip", "global_clip", "ema", "accumulation", "schedule"],
    ],
)
def test_adam_is_keras(arguments):
    arguments = {"learning_rate": 0.05, **arguments}
    ours, theirs = kg.optimizers.Adam(**arguments), keras.optimizers.Adam(**arguments)
    # Keras takes 1 - beta_2 in Python, its powers in float32, where 1 - .999 is 5e-5 larger.
    close = {"rtol": 1e-4, "atol": 1e-5}
    for a, b in zip(trained(ours), trained(theirs), strict=True):
        np.testing.assert_allclose(a, b, **close)
    for a, b in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(a, b, **close)


def test_eager_and_graph_agree():
    eager, weights = kg.optimizers.Adam(0.1), variables()
    for step in gradients():
        eager.apply([tf.constant(g) for g in step], weights)
    for a, b in zip(weights, trained(kg.optimizers.Adam(0.1)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def test_each_variable_is_updated_by_one_operation():
    optimizer, weights = kg.optimizers.Adam(), variables()
    optimizer.build(weights)
    function = tf.function(lambda grads: optimizer.apply(grads, weights))
    graph = function.get_concrete_function([tf.constant(g) for g in gradients()[0]]).graph
    found = [op.type for op in graph.get_operations()]
    assert found.count("ResourceApplyAdam") == len(SHAPES)
    assert "AssignSubVariableOp" not in found


def test_sparse_gradients():
    """As of an embedding, whose gradient has only the rows that were looked up."""
    rows = tf.IndexedSlices(tf.ones((2, 3)), tf.constant([1, 3]), tf.constant([5, 3]))
    found = []
    for optimizer in (kg.optimizers.Adam(0.1), keras.optimizers.Adam(0.1)):
        weight = keras.Variable(np.ones((5, 3), "float32"))
        optimizer.apply([rows], [weight])
        found.append(np.array(weight))
    np.testing.assert_allclose(*found)
    assert (found[0][[1, 3]] < 1).all() and (found[0][[0, 2, 4]] == 1).all()


def test_replicas_update_together(mirrored):
    """Gradients are summed over the replicas."""
    with mirrored.scope():
        weights, optimizer = variables(), kg.optimizers.Adam(0.1)
        optimizer.build(weights)

    @tf.function
    def step(grads):
        mirrored.run(lambda g: optimizer.apply([x / 2 for x in g], weights), args=(grads,))

    for grads in gradients():
        step([tf.constant(g) for g in grads])
    expected = trained(kg.optimizers.Adam(0.1))
    for weight, other in zip(weights, expected, strict=True):
        for value in mirrored.experimental_local_results(weight.value):
            np.testing.assert_allclose(value, other, rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_gradients_of_another_precision(policy):
    dtype = policy.removeprefix("mixed_")
    weight, optimizer = keras.Variable(np.ones(3, "float32")), kg.optimizers.Adam(0.5)
    optimizer.apply([tf.ones(3, dtype)], [weight])
    np.testing.assert_allclose(weight, 0.5, rtol=1e-5)


def test_a_config_comes_back():
    optimizer = kg.optimizers.Adam(3e-4, beta_1=0.5, epsilon=1e-5)
    copy = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(copy) is kg.optimizers.Adam and copy.get_config() == optimizer.get_config()


def test_adam_of_a_lazy_penalty():
    """StyleGAN2's figures for R1 each 16 updates."""
    adam = kg.optimizers.lazy_adam(2e-3, 0.0, 0.99, every=16)
    share = 16 / 17
    np.testing.assert_allclose(float(adam.learning_rate), 2e-3 * share, rtol=1e-6)
    np.testing.assert_allclose([adam.beta_1, adam.beta_2], [0.0, 0.99**share])
