"""What differs between backends: gradients, the compiled step, replicas.

No other module names a backend.
"""

from typing import TYPE_CHECKING

import keras

from keras_gans.backend.scope import Scope
from keras_gans.backend.summaries import write_picture

if TYPE_CHECKING or keras.backend.backend() == "tensorflow":
    from keras_gans.backend.tensorflow import (
        Adam,
        Model,
        ReplicaLossScaleOptimizer,
        ReplicaSeedGenerator,
        array_batches,
        average_over_replicas,
        check_scope,
        compile_steps,
        cond,
        exact_runs,
        gradients,
        has_gpu,
        input_gradient,
        mean_over_replicas,
        replica_count,
        worker_errors,
    )
elif keras.backend.backend() in ("jax", "torch"):
    from keras_gans.backend.single import (
        ReplicaSeedGenerator,
        average_over_replicas,
        check_scope,
        exact_runs,
        mean_over_replicas,
        replica_count,
        worker_errors,
    )

    if keras.backend.backend() == "jax":
        from keras_gans.backend.jax import (
            Adam,
            Model,
            ReplicaLossScaleOptimizer,
            array_batches,
            compile_steps,
            cond,
            gradients,
            has_gpu,
            input_gradient,
        )
    else:
        from keras_gans.backend.torch import (
            Adam,
            Model,
            ReplicaLossScaleOptimizer,
            array_batches,
            compile_steps,
            cond,
            gradients,
            has_gpu,
            input_gradient,
        )
else:
    raise ImportError(
        "Expected Keras to run on TensorFlow, JAX or PyTorch. Received: the backend "
        f"{keras.backend.backend()!r}; set KERAS_BACKEND before importing Keras"
    )

__all__ = [
    "Adam",
    "Model",
    "ReplicaLossScaleOptimizer",
    "ReplicaSeedGenerator",
    "Scope",
    "array_batches",
    "average_over_replicas",
    "check_scope",
    "compile_steps",
    "cond",
    "exact_runs",
    "gradients",
    "has_gpu",
    "input_gradient",
    "mean_over_replicas",
    "replica_count",
    "worker_errors",
    "write_picture",
]
