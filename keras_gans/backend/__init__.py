"""What differs between backends: gradients, the compiled step, replicas.

No other module names a backend.
"""

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "Expected Keras to run on TensorFlow. Received: the backend "
        f"{keras.backend.backend()!r}; set KERAS_BACKEND=tensorflow before importing Keras"
    )

from keras_gans.backend.tensorflow import (
    Model,
    ReplicaLossScaleOptimizer,
    ReplicaSeedGenerator,
    apply_adam,
    average_over_replicas,
    check_scope,
    compile_steps,
    data_errors,
    exact_runs,
    gradients,
    has_gpu,
    input_gradient,
    mean_over_replicas,
    replica_count,
    sample_count,
    worker_errors,
    write_picture,
)

__all__ = [
    "Model",
    "ReplicaLossScaleOptimizer",
    "ReplicaSeedGenerator",
    "apply_adam",
    "average_over_replicas",
    "check_scope",
    "compile_steps",
    "data_errors",
    "exact_runs",
    "gradients",
    "has_gpu",
    "input_gradient",
    "mean_over_replicas",
    "replica_count",
    "sample_count",
    "worker_errors",
    "write_picture",
]
