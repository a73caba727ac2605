"""The Dirac-GAN: this library's fit, losses and penalties against published distances."""

import numpy as np
import pytest

from keras_gans.scripts import dirac
from keras_gans.scripts.main import main


@pytest.mark.parametrize("row", dirac.ROWS, ids=lambda row: row.name)
def test_distances_are_the_published_ones(row):
    """To the digits that are printed; decays of 1e-7 and below within two orders of magnitude."""
    ours = dirac.distance(row)
    if row.orbits:
        np.testing.assert_allclose(float(f"{ours:.3g}"), row.published, rtol=1e-3)
    else:
        assert abs(np.log10(ours / row.published)) < 2


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# By the name of the loss, the derivatives of D's by psi and of G's by theta, without penalties.
GRADIENTS = {
    "minimax": (lambda t, p: t * sigmoid(p * t), lambda t, p: -p * sigmoid(p * t)),
    "non_saturating": (lambda t, p: t * sigmoid(p * t), lambda t, p: -p * sigmoid(-p * t)),
    "wasserstein": (lambda t, p: t, lambda t, p: -p),
    "relativistic": (lambda t, p: t * sigmoid(p * t), lambda t, p: -p * sigmoid(-p * t)),
}


@pytest.mark.parametrize("row", dirac.ROWS, ids=lambda row: row.name)
def test_orbits_are_those_by_hand(row):
    """In NumPy, alternating updates, D first: to 1e-3 while distances are not yet tiny."""
    theta, psi, steps = 1.0, -1.0, 60
    of_d, of_g = GRADIENTS[row.loss]
    for _ in range(steps):
        slope = of_d(theta, psi)
        for penalty in row.penalties():
            one_centred = 2 * (abs(psi) - 1) * np.sign(psi)
            slope += penalty.weight * (one_centred if penalty.per_sample_norm else psi)
        psi -= 0.2 * slope
        psi = np.clip(psi, -1, 1) if row.clip_value else psi
        theta -= 0.2 * of_g(theta, psi)
    np.testing.assert_allclose(dirac.distance(row, steps), np.hypot(theta, psi), rtol=1e-3)


@pytest.mark.slow
def test_the_command_prints_theirs_beside_ours(tmp_path, capsys):
    assert main(["reproduce", "dirac-gan", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert (tmp_path / "table.md").read_text() in printed
    for row in dirac.ROWS:
        assert f"| {row.name} | {row.published:.3g} |" in printed
