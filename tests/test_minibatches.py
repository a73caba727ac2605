import numpy as np
import pytest
import tensorflow as tf

from keras_gans.models.minibatches import mini_batches

N, BATCH, GROUP = 50, 4, 3
STEPS = N // (BATCH * GROUP)
DATA = np.arange(N, dtype="float32")[:, None]


def unknown_length(dataset):
    return dataset.filter(lambda *element: True)


KINDS = {
    "array": (DATA, BATCH),
    "tensor": (tf.constant(DATA), BATCH),
    "samples": (tf.data.Dataset.from_tensor_slices(DATA), BATCH),
    "labelled samples": (tf.data.Dataset.from_tensor_slices((DATA, DATA[:, 0])), BATCH),
    "samples of unknown number": (
        unknown_length(tf.data.Dataset.from_tensor_slices(DATA)),
        BATCH,
    ),
    "batches": (tf.data.Dataset.from_tensor_slices(DATA).batch(BATCH), None),
    "labelled batches": (tf.data.Dataset.from_tensor_slices((DATA, DATA)).batch(BATCH), None),
    "whole batches": (tf.data.Dataset.from_tensor_slices(DATA).batch(BATCH, True), None),
    "batches of unknown number": (
        unknown_length(tf.data.Dataset.from_tensor_slices(DATA).batch(BATCH)),
        None,
    ),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def build(x, batch_size, y=None, **changes):
    arguments = dict(group=GROUP, sample_rank=1, labels=False, shuffle=True, seed=1, first_step=0)
    return mini_batches(x, y, batch_size=batch_size, **{**arguments, **changes})


def epochs(data, count=1):
    """The steps of the first epochs, each an array (group, batch)."""
    if data.steps_per_epoch and data.dataset.cardinality() < 0:
        steps = list(data.dataset.take(data.steps_per_epoch * count))
        size = data.steps_per_epoch
        return [steps[i * size : (i + 1) * size] for i in range(count)]
    return [list(data.dataset) for _ in range(count)]


def values(step):
    return np.array([np.array(batch)[:, 0] for batch in step])


def test_an_epoch_has_the_steps_and_uses_no_sample_twice(kind):
    data = build(*KINDS[kind])
    for epoch in epochs(data, 2):
        assert len(epoch) == STEPS
        used = np.concatenate([values(step).ravel() for step in epoch])
        assert used.shape == (STEPS * GROUP * BATCH,)
        assert len(set(used)) == len(used) and set(used) <= set(DATA[:, 0])


def test_a_step_is_a_tuple_of_mini_batches_of_static_shape(kind):
    spec = build(*KINDS[kind]).dataset.element_spec
    assert isinstance(spec, tuple) and len(spec) == GROUP
    assert all(component.shape == (BATCH, 1) for component in spec)


def test_an_array_is_checked_whole_and_a_data_set_by_its_first_mini_batch(kind):
    whole = kind in ("array", "tensor")
    assert np.array(build(*KINDS[kind]).checked).shape == (N if whole else BATCH, 1)


def test_order_depends_on_seed_and_step_only():
    for x in (DATA, tf.data.Dataset.from_tensor_slices(DATA)):
        straight = epochs(build(x, BATCH), 3)
        resumed = epochs(build(x, BATCH, first_step=2 * STEPS), 1)
        np.testing.assert_array_equal(
            [values(s) for s in straight[2]], [values(s) for s in resumed[0]]
        )
        orders = [np.concatenate([values(s).ravel() for s in epoch]) for epoch in straight]
        assert not np.array_equal(orders[0], orders[1])
        (other,) = epochs(build(x, BATCH, seed=2), 1)
        assert not np.array_equal(values(other[0]), values(straight[0][0]))


def test_unshuffled_order():
    for kind in KINDS:
        (epoch,) = epochs(build(*KINDS[kind], shuffle=False), 1)
        used = np.concatenate([values(step).ravel() for step in epoch])
        np.testing.assert_array_equal(used, np.arange(STEPS * GROUP * BATCH))


def test_labels_stay_with_their_samples():
    labelled = {
        "array": dict(x=DATA, y=DATA[:, 0] * 2, batch_size=BATCH),
        "samples": dict(
            x=tf.data.Dataset.from_tensor_slices((DATA, DATA[:, 0] * 2)), batch_size=BATCH
        ),
        "batches": dict(
            x=tf.data.Dataset.from_tensor_slices((DATA, DATA[:, 0] * 2)).batch(BATCH),
            batch_size=None,
        ),
    }
    for arguments in labelled.values():
        (epoch,) = epochs(build(**arguments, labels=True), 1)
        for step in epoch:
            for x, y in step:
                np.testing.assert_array_equal(x[:, 0] * 2, y)


@pytest.mark.parametrize(
    ("x", "changes", "message"),
    [
        (DATA, dict(batch_size=20), "3 mini-batches of batch_size=20.*Received: 50 samples"),
        (
            tf.data.Dataset.from_tensor_slices(DATA),
            dict(batch_size=20),
            "3 mini-batches of batch_size=20.*Received: 50 samples",
        ),
        (
            tf.data.Dataset.from_tensor_slices(DATA[:8]).batch(BATCH),
            dict(batch_size=None),
            "at least 3 batches of 4 samples",
        ),
        (
            tf.data.Dataset.from_tensor_slices(DATA).batch(BATCH),
            dict(batch_size=4),
            "no `batch_size` with a data set of batches.*Received: batch_size=4",
        ),
        (
            tf.data.Dataset.from_tensor_slices(DATA),
            dict(batch_size=4, y=DATA),
            "labels inside the data set",
        ),
        ([[1.0], [1.0, 2.0]], dict(batch_size=1), "one shape. Received: x of type list"),
        ([object()], dict(batch_size=1), "array or a data set.*Received: x of type list"),
        (None, dict(batch_size=1), "Received: x of type NoneType"),
        (DATA, dict(batch_size=4, y=DATA[:3], labels=True), r"one label.*y.shape=\(3, 1\)"),
        (tf.data.Dataset.from_tensor_slices(DATA[:0]).batch(2), dict(batch_size=None), "empty"),
    ],
)
def test_rejects(x, changes, message):
    with pytest.raises(ValueError, match=message):
        build(x, **changes)
