"""Two real processes on loopback: `MultiWorkerMirroredStrategy` through the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from worker import local_weights, train

pytestmark = pytest.mark.slow
TRAIN = ["-m", "keras_gans.scripts.main", "train", "wgan_gp-digits"]
TRAIN += ["--strategy", "multiworker", "--n-critic", "2"]


def free_ports(n):
    """Ports of the loopback interface that nobody listens on now."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start(commands, log):
    """Starts one worker a command; their output goes to files."""
    cluster = {"worker": [f"localhost:{port}" for port in free_ports(len(commands))]}
    workers = []
    for index, command in enumerate(commands):
        task = {"cluster": cluster, "task": {"type": "worker", "index": index}}
        environment = {**os.environ, "TF_CONFIG": json.dumps(task), "TF_CPP_MIN_LOG_LEVEL": "3"}
        with open(f"{log}{index}", "w") as output:
            command = [sys.executable, *map(str, command)]
            workers.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
    return workers


def finish(workers, log, seconds=600):
    codes = [worker.wait(seconds) for worker in workers]
    texts = [Path(f"{log}{index}").read_text() for index in range(len(workers))]
    return codes, texts


def stop(workers):
    for worker in workers:
        worker.kill()
        worker.wait()


def weights(path):
    return [keras.ops.convert_to_numpy(w) for w in keras.saving.load_model(path).weights]


def test_two_workers_train_the_same_weights_and_one_writes(tmp_path, mirrored):
    """Each with a run folder of its own, as if they shared no disk."""
    script, log = Path(__file__).with_name("worker.py"), tmp_path / "log"
    workers = start([[script, tmp_path / f"worker{i}"] for i in range(2)], log)
    try:
        codes, texts = finish(workers, log)
    finally:
        stop(workers)
    assert codes == [0, 0], texts
    keras.utils.set_random_seed(0)
    replicas = local_weights(train(tmp_path / "replicas", mirrored))
    with np.load(tmp_path / "worker0.npz") as a, np.load(tmp_path / "worker1.npz") as b:
        assert len(a.files) == len(replicas)
        for name, weight in zip(a.files, replicas, strict=True):
            np.testing.assert_array_equal(a[name], b[name])
            # The same numbers as when the two replicas share a process.
            np.testing.assert_allclose(a[name], weight, rtol=1e-4, atol=1e-5)
    written = {p.name for p in (tmp_path / "worker0").iterdir()}
    assert written == {"samples", "history.csv", "losses.png", "checkpoints", "state.keras"}
    assert not (tmp_path / "worker1").exists()


def test_a_killed_worker_ends_the_other_and_a_restart_resumes(tmp_path):
    straight, run, log = tmp_path / "straight", tmp_path / "run", tmp_path / "log"
    arguments = [*TRAIN, "--epochs", "5", "--steps-per-execution", "1", "--verbose", "0"]
    codes, texts = finish(start([[*arguments, "--run-dir", straight]] * 2, log), log)
    assert codes == [0, 0], texts

    resume = [[*arguments, "--run-dir", run, "--resume"]] * 2
    workers = start(resume, log)
    try:
        deadline = time.monotonic() + 600
        while not (run / "checkpoints" / "state.keras").exists():
            assert time.monotonic() < deadline and workers[0].poll() is None
            time.sleep(0.01)
        workers[1].send_signal(signal.SIGKILL)
        killed_at = time.monotonic()
        codes, texts = finish(workers, log, 60)
        assert time.monotonic() - killed_at < 60
    finally:
        stop(workers)
    assert codes == [2, -signal.SIGKILL], texts
    assert "Expected all 2 workers to stay alive" in texts[0].splitlines()[-1]
    assert not (run / "model.keras").exists()

    codes, texts = finish(start(resume, log), log)
    assert codes == [0, 0], texts
    for a, b in zip(weights(straight / "model.keras"), weights(run / "model.keras"), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (straight / "history.csv").read_text() == (run / "history.csv").read_text()
