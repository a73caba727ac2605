import keras
import numpy as np
import pytest

import keras_gans as kg
from conftest import make, points

pytestmark = pytest.mark.core

REAL = np.array([[-5.0], [1.4], [12.5], [2.7]], "float32")
FAKE = np.array([[10.0], [4.4], [-5.5], [3.6]], "float32")


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


# Name: loss, golden discriminator and generator values, and the paper's formulas in float64.
LOSSES = {
    "wasserstein": (
        kg.losses.WassersteinLoss,
        (0.22500, -3.12500),
        lambda r, f: (np.mean(f) - np.mean(r), -np.mean(f)),
    ),
    "hinge": (
        kg.losses.HingeLoss,
        (6.75000, -3.12500),
        lambda r, f: (
            -np.mean(np.minimum(0, r - 1)) - np.mean(np.minimum(0, -f - 1)),
            -np.mean(f),
        ),
    ),
    "least_squares": (
        kg.losses.LeastSquaresLoss,
        (41.73375, 17.69625),
        lambda r, f: (np.mean((r - 1) ** 2) / 2 + np.mean(f**2) / 2, np.mean((f - 1) ** 2) / 2),
    ),
    "non_saturating": (
        kg.losses.NonSaturatingLoss,
        (5.83387, 1.38582),
        lambda r, f: (
            -np.mean(log_sigmoid(r)) - np.mean(log_sigmoid(-f)),
            -np.mean(log_sigmoid(f)),
        ),
    ),
    "minimax": (
        kg.losses.MinimaxLoss,
        (5.83387, -4.51082),
        lambda r, f: (
            -np.mean(log_sigmoid(r)) - np.mean(log_sigmoid(-f)),
            np.mean(log_sigmoid(-f)),
        ),
    ),
    "relativistic": (
        kg.losses.RelativisticLoss,
        (4.82244, 4.59744),
        lambda r, f: (-np.mean(log_sigmoid(r - f)), -np.mean(log_sigmoid(f - r))),
    ),
    # Its features are logits and their squares, see `outputs`.
    "feature_matching": (
        kg.losses.FeatureMatchingLoss,
        (5.83387, 0.53818),
        lambda r, f: (
            -np.mean(log_sigmoid(r)) - np.mean(log_sigmoid(-f)),
            np.mean(r - f) ** 2 + np.mean(0.1 * r**2 - 0.1 * f**2) ** 2,
        ),
    ),
    "top_k": (
        kg.losses.TopKLoss,
        (5.83387, 0.00612),
        lambda r, f: (
            -np.mean(log_sigmoid(r)) - np.mean(log_sigmoid(-f)),
            -np.mean(log_sigmoid(np.sort(f.ravel())[len(f) // 2 :])),
        ),
    ),
}
# Those that `get` knows by their names.
NAMED = [name for name in LOSSES if name not in ("feature_matching", "top_k")]


@pytest.fixture(params=LOSSES)
def name(request):
    return request.param


def outputs(loss, logits):
    """What a loss takes of given logits."""
    if not loss.takes_outputs:
        return logits
    squares = keras.ops.multiply(0.1, keras.ops.square(logits))
    return {"logits": logits, "features": [keras.ops.convert_to_tensor(logits), squares]}


def values(loss, real, fake):
    real, fake = keras.ops.convert_to_tensor(real), keras.ops.convert_to_tensor(fake)
    real, fake = outputs(loss, real), outputs(loss, fake)
    d, g = loss.discriminator_loss(real, fake), loss.generator_loss(fake, real)
    assert d.shape == g.shape == ()
    return float(d), float(g)


def test_every_loss_is_in_the_table():
    classes = {loss for loss, _, _ in LOSSES.values()}
    base = kg.losses.Loss
    public = {
        v for v in vars(kg.losses).values() if isinstance(v, type) and issubclass(v, base)
    } - {base}
    assert classes == public


def test_golden_values(name):
    loss, golden, _ = LOSSES[name]
    np.testing.assert_allclose(values(loss(), REAL, FAKE), golden, atol=1e-5)


@pytest.mark.parametrize("kind", [np.asarray, np.ndarray.tolist, keras.ops.convert_to_tensor])
def test_lists_and_arrays_are_taken_alike(name, kind):
    loss, golden, _ = LOSSES[name]
    real, fake = outputs(loss(), kind(REAL)), outputs(loss(), kind(FAKE))
    results = loss().discriminator_loss(real, fake), loss().generator_loss(fake, real)
    np.testing.assert_allclose([float(result) for result in results], golden, atol=1e-5)


def test_matches_the_papers_formulas(name):
    loss, _, formula = LOSSES[name]
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 50, 1)) * 3
    result = values(loss(), real.astype("float32"), fake.astype("float32"))
    np.testing.assert_allclose(result, formula(real, fake), rtol=1e-5)


def test_finite_for_confident_discriminators(name):
    loss = LOSSES[name][0]()
    large = np.full((4, 1), 1e4, "float32")
    for real, fake in ((large, -large), (-large, large)):
        assert np.isfinite(values(loss, real, fake)).all()


def test_generator_needs_no_real_logits_unless_relativistic(name):
    loss = LOSSES[name][0]()
    if not loss.generator_needs_real:
        assert np.isfinite(float(loss.generator_loss(keras.ops.convert_to_tensor(FAKE))))


def test_serialises(name):
    loss = LOSSES[name][0]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)


@pytest.mark.parametrize("name", NAMED)
def test_get_by_name_and_instance(name):
    loss = LOSSES[name][0]
    assert type(kg.losses.get(name)) is loss
    instance = loss()
    assert kg.losses.get(instance) is instance


@pytest.mark.parametrize("bad", ["wgan", 3, None, kg.losses])
def test_get_rejects(bad):
    with pytest.raises(ValueError, match=r"one of .*Received: loss="):
        kg.losses.get(bad)


def test_labels_are_smoothed_on_one_side():
    """Cross entropy with the label .9 for reals and 0 for fakes."""
    smooth = kg.losses.NonSaturatingLoss(label_smoothing=0.1)
    reals = -0.9 * log_sigmoid(REAL) - 0.1 * log_sigmoid(-REAL)
    d, g = values(smooth, REAL, FAKE)
    np.testing.assert_allclose(d, reals.mean() - log_sigmoid(-FAKE).mean(), rtol=1e-5)
    np.testing.assert_allclose(g, -log_sigmoid(FAKE).mean(), rtol=1e-5)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(smooth))
    assert again.label_smoothing == 0.1
    for bad in (-0.1, 1.0):
        with pytest.raises(ValueError, match="`label_smoothing` in .*Received"):
            kg.losses.NonSaturatingLoss(bad)


@pytest.mark.parametrize("share", [0.25, 0.6, 1.0])
def test_the_best_of_a_batch_count(share):
    loss = kg.losses.TopKLoss("hinge", share=share)
    best = np.sort(FAKE.ravel())[-max(1, round(share * len(FAKE))) :]
    np.testing.assert_allclose(float(loss.generator_loss(FAKE)), -best.mean(), rtol=1e-6)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.share == share and type(again.loss) is kg.losses.HingeLoss


@pytest.mark.parametrize(
    "arguments", [{"share": 0.0}, {"share": 1.5}, {"loss": "relativistic"}], ids=str
)
def test_top_k_refuses(arguments):
    with pytest.raises(ValueError, match="`share` in .*Received: share="):
        kg.losses.TopKLoss(**arguments)


# Schedules of the training step

# Two steps with the whole batch, then a quarter of it.
FALLING = keras.optimizers.schedules.PiecewiseConstantDecay([1], [1.0, 0.25])


@pytest.mark.parametrize("step", [0, 29, 30, 90, 10_000])
@pytest.mark.parametrize("kind", ["non_saturating", "minimax", "least_squares", "hinge"])
def test_the_share_falls_with_the_step(kind, step):
    """Algorithm 1 with gamma = .8 after epochs of 30 steps, and nu = .3."""
    share = kg.schedules.Exponential(1.0, 0.3, rate=0.8, steps=30)
    loss, formula = kg.losses.TopKLoss(kind, share=share), LOSSES[kind][2]
    fake = np.random.default_rng(0).normal(size=(50, 1)).astype("float32")
    count = {0: 50, 29: 50, 30: 40, 90: 26, 10_000: 15}[step]
    best = np.sort(fake.ravel())[-count:]
    at_step = loss.at(keras.ops.convert_to_tensor(step))
    np.testing.assert_allclose(values(at_step, fake, fake)[1], formula(fake, best)[1], rtol=1e-5)
    constant = kg.losses.TopKLoss(kind, share=count / 50)
    np.testing.assert_allclose(values(at_step, fake, fake), values(constant, fake, fake), rtol=1e-6)
    assert loss.share is share and loss.loss.at(step) is loss.loss


@pytest.mark.parametrize("share", [2.0, 0.25, 0.01])
def test_the_best_alone_have_gradients(share):
    fake = keras.Variable(FAKE)
    loss = kg.losses.TopKLoss("hinge", share=keras.optimizers.schedules.CosineDecay(share, 1))
    (gradient,), _ = kg.backend.gradients(
        lambda: (loss.at(0).generator_loss(fake.value), None), [fake]
    )
    expected = [[-0.25]] * 4 if share == 2.0 else [[-1.0], [0.0], [0.0], [0.0]]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(gradient), expected)


@keras.saving.register_keras_serializable("keras_gans_tests")
class Told(kg.losses.Loss):
    """Returns the values of its schedules."""

    def __init__(self, d, g):
        self.d, self.g = d, g

    def discriminator_loss(self, real_logits, fake_logits):
        return keras.ops.mean(0.0 * real_logits) + self.d

    def generator_loss(self, fake_logits, real_logits=None):
        return keras.ops.mean(0.0 * fake_logits) + self.g


def test_a_loss_has_the_values_of_its_schedules_at_the_step():
    ramp = keras.optimizers.schedules.PolynomialDecay(0.0, 10, end_learning_rate=10.0)
    loss = kg.losses.FeatureMatchingLoss(Told(ramp, 0.0))  # Within another loss too.
    assert float(loss.at(7).loss.d) == pytest.approx(7.0)
    several = {"n_critic": 2, "n_generator": 2, "steps_per_execution": 3}
    gan = make(kg.GAN, loss=Told(ramp, ramp), **several)
    logs = gan.fit(points(24), batch_size=4, epochs=2, verbose=0).history
    # Means over steps 0 to 2 and 3 to 5.
    np.testing.assert_allclose([logs["d_loss"], logs["g_loss"]], [[1.0, 4.0]] * 2, rtol=1e-6)


def test_the_share_is_that_of_the_step_also_of_a_saved_model(tmp_path):
    def fit(gan, start, end):
        data = {"batch_size": 8, "initial_epoch": start, "epochs": end}
        return gan.fit(points(8), **data, verbose=0).history["g_loss"]

    def model(share):  # Whose networks stay as they are.
        optimizers = {f"{name}_optimizer": keras.optimizers.SGD(0.0) for name in "dg"}
        return make(kg.GAN, loss=kg.losses.TopKLoss("hinge", share=share), **optimizers)

    gan = model(FALLING)
    first = fit(gan, 0, 1)
    gan.save(tmp_path / "gan.keras")
    rest = fit(gan, 1, 4)
    assert rest == fit(keras.saving.load_model(tmp_path / "gan.keras"), 1, 4)
    apart = np.subtract(fit(model(1.0), 0, 4), first + rest)
    np.testing.assert_allclose(apart[:2], 0.0, atol=1e-6)
    assert apart[2:].min() > 0.01  # The best have greater logits than all.
