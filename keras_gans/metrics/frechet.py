"""Frechet distance of Gaussians fitted to features (FID)."""

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from keras_gans.metrics import checks
from keras_gans.metrics.pairs import REAL_TO_FAKE, Pairs
from keras_gans.metrics.tiles import Shifted, Tile, spans

LARGEST_SVD = 2048  # rows or columns: seconds, which grow with the cube


class Moments:
    """Mean and covariance of samples that arrive in batches, in float64.

    Memory is one `(d, d)` matrix, however many samples there are. The merge is that of Chan,
    Golub and LeVeque, which does not lose digits when the mean is large beside the spread.

    Attributes:
        count: Number of samples seen.
        mean: float64 array of shape `(d,)`. Needs one sample.
        covariance: float64 array of shape `(d, d)`, normalised by `count - 1`. Needs two samples.

    Example:
        >>> from keras_gans import metrics
        >>> moments = metrics.Moments().update([[0.0, 2.0]]).update([[2.0, 4.0], [4.0, 0.0]])
        >>> moments.count, moments.mean.tolist(), moments.covariance.tolist()
        (3, [2.0, 2.0], [[4.0, -2.0], [-2.0, 4.0]])

    Reference:
        Chan, Golub, LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
        Variances" (1979), equation 2.1, with outer products for the squares.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = np.zeros(0)
        self._scatter = np.zeros((0, 0))  # sum of outer products of deviations from the mean

    @property
    def mean(self) -> np.ndarray:
        """Mean of the samples, shape `(d,)`."""
        self._require(1)
        return self._mean.copy()

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased covariance of the samples, shape `(d, d)`."""
        self._require(2)
        return self._scatter / (self.count - 1)

    def update(self, batch: ArrayLike) -> "Moments":
        """Adds a batch of samples.

        Args:
            batch: Array of shape `(n, d)`, finite, `n >= 1`; the same `d` in every call.

        Returns:
            This object.

        Raises:
            ValueError: If the batch has another rank or `d`, is empty, or holds NaN.
        """
        batch = checks.samples(batch, "batch").astype(np.float64, copy=False)
        mean = batch.mean(axis=0)
        deviations = batch - mean
        return self._merge(len(batch), mean, deviations.T @ deviations)

    def merge(self, other: "Moments") -> "Moments":
        """Adds the samples that another `Moments` has seen.

        Args:
            other: `Moments` of the same `d`.

        Returns:
            This object.

        Raises:
            ValueError: If `other` is of another `d`.
        """
        if other.count == 0:
            return self
        return self._merge(other.count, other._mean, other._scatter)

    def _merge(self, count: int, mean: np.ndarray, scatter: np.ndarray) -> "Moments":
        if self.count == 0:
            self.count, self._mean, self._scatter = count, mean.copy(), scatter.copy()
            return self
        if mean.shape != self._mean.shape:
            raise ValueError(
                f"Expected batches of dimension {self._mean.size}. "
                f"Received: batch of dimension {mean.size}. Use the same features throughout."
            )
        total = self.count + count
        shift = mean - self._mean
        self._scatter += scatter + np.outer(shift, shift) * (self.count * count / total)
        self._mean += shift * (count / total)
        self.count = total
        return self

    def _require(self, count: int) -> None:
        if self.count < count:
            raise ValueError(
                f"Expected at least {count} samples. Received: count={self.count}. "
                "Call update with more samples first."
            )


def frechet_distance(a: ArrayLike, b: ArrayLike) -> float:
    """Returns the squared Frechet distance of the Gaussians fitted to two sets of samples.

    On Inception features this is the Frechet Inception Distance (FID). Covariances are normalised
    by `n - 1`, and may be singular (`n <= d`). Time and memory follow the smaller of samples and
    features: beyond the arrays, memory grows with `min(n m, d^2)`.

    Args:
        a: Array of shape `(n, d)`, finite, `n >= 2`.
        b: Array of shape `(m, d)`, finite, `m >= 2`.

    Returns:
        The distance, at least 0.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; or if `d` differs.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.frechet_distance([[0.0], [2.0]], [[3.0], [5.0]])  # equal spread, means 3 apart
        9.0

    Reference:
        Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash
        Equilibrium" (2017), equation 6.
    """
    pairs = Pairs(a, b, ("a", "b"))
    return pairs.measure(GaussianDistance(pairs))[0]


def frechet_distance_at_infinity(
    real: ArrayLike, fake: ArrayLike, sizes: int = 15, seed: int = 0
) -> float:
    """Returns the Frechet distance that as many samples as one likes would have, extrapolated.

    The distance of n samples is too large by about a constant over n. It is computed of random
    subsets of both sets, from a tenth of them to all, and continued along a straight line in 1 / n
    to 0. In the paper the reals, of which it has many, stay whole.

    Args:
        real: Array of shape `(n, d)`, finite, `n >= 20`.
        fake: Array of shape `(m, d)`, finite, `m >= 20`.
        sizes: How many sizes of subsets, at least 2.
        seed: Seed of the subsets.

    Returns:
        The distance, below 0 where chance has it so.

    Raises:
        ValueError: If an array has another rank, too few samples, or NaN; or if `d` differs.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> a, b = rng.normal(size=(2, 400, 20))
        >>> frechet_distance(a, b) > 0.4 > abs(frechet_distance_at_infinity(a, b))
        True

    Reference:
        Chong and Forsyth, "Effectively Unbiased FID and Inception Score and where to find
        them" (2020), section 4.
    """
    real, fake = checks.pair(real, fake, ("real", "fake"))
    for array, name in ((real, "real"), (fake, "fake")):
        checks.enough(array, name, 20)
    rng = np.random.default_rng(seed)
    inverses, distances = [], []
    for share in np.linspace(0.1, 1.0, sizes):
        parts = [
            array[rng.permutation(len(array))[: max(2, round(share * len(array)))]]
            for array in (real, fake)
        ]
        inverses.append(np.mean([1.0 / len(part) for part in parts]))
        distances.append(frechet_distance(*parts))
    return float(np.polyfit(inverses, distances, 1)[1])


class GaussianDistance:
    """The Frechet distance, from the products of all pairs or from covariances.

    With centred rows A and B, scaled so that `C_a = A' A` and `C_b = B' B`, the eigenvalues of
    `C_a C_b` are the squared singular values of `A B'`, a matrix of all pairs.
    """

    def __init__(self, pairs: Pairs):
        pairs.require(2, 2)
        self.pairs = pairs
        shape = (len(pairs.real), len(pairs.fake))
        few = shape[0] * shape[1] < 2 * pairs.real.shape[1] ** 2  # less than two covariances take
        self._products = np.empty(shape if few else (0, 0))
        self.observers = {REAL_TO_FAKE: self._see} if few else {}

    def _see(self, tile: Tile) -> None:
        self._sets = (tile.left, tile.right)
        self._products[tile.rows, tile.cols] = tile.products

    def result(self) -> float:
        """Returns the distance."""
        if self.observers:
            return frechet_from_products(*self._sets, self._products)
        real, fake = (moments_of(each) for each in (self.pairs.real, self.pairs.fake))
        return frechet_from_moments(real.mean, real.covariance, fake.mean, fake.covariance)


def frechet_from_products(a: Shifted, b: Shifted, products: np.ndarray) -> float:
    """Returns the distance, given the products of all pairs, which it overwrites."""
    products -= products.mean(axis=1, keepdims=True)  # so both sets are centred
    products -= products.mean(axis=0)
    scale = (len(a.samples) - 1.0) * (len(b.samples) - 1.0)
    cross = nuclear_norm(products) / np.sqrt(scale)
    shift = np.square(a.mean - b.mean).sum()
    return float(max(0.0, shift + variance(a) + variance(b) - 2.0 * cross))


def variance(samples: Shifted) -> float:
    """Returns the variance, summed over the features."""
    # Digits that are lost where the mean is far from the origin are lost beside its square too.
    squares = samples.squares.sum() - len(samples.samples) * np.square(samples.mean).sum()
    return squares / (len(samples.samples) - 1)


def nuclear_norm(matrix: np.ndarray) -> float:
    """Returns the sum of the singular values; overwrites the matrix.

    Those of a large matrix come from the eigenvalues of `R R'`, where R is of its QR decomposition:
    less than half of the time. A square has half of the digits, but rows of R fall off as the
    singular values do, and so do the errors: relative to the sum they are about 1e-12, or
    1e-8 where many singular values are 0.
    """
    if min(matrix.shape) <= LARGEST_SVD:
        return float(np.linalg.svd(matrix, compute_uv=False).sum())
    tall = matrix if matrix.shape[0] > matrix.shape[1] else matrix.T  # in LAPACK's order of columns
    count = tall.shape[1]
    triangle = scipy.linalg.lapack.dgeqrf(tall, lwork=64 * count, overwrite_a=True)[0][:count]
    for rows in reversed(spans(count)):  # from below, where no row above has been overwritten
        triangle[rows, rows] = np.triu(triangle[rows, rows])
        left, right = triangle[rows, rows.start :], triangle[: rows.stop, rows.start :]
        triangle[rows, : rows.stop] = left @ right.T
    # From the lower triangle LAPACK works its way from the largest rows to the smallest.
    values = scipy.linalg.eigvalsh(triangle, lower=True, overwrite_a=True, check_finite=False)
    return float(np.sqrt(np.maximum(values, 0.0)).sum())


def moments_of(array: np.ndarray) -> Moments:
    """Returns the `Moments` of an array, read in tiles."""
    moments = Moments()
    for rows in spans(len(array)):
        moments.update(array[rows])
    return moments


def frechet_from_moments(
    mean_a: ArrayLike, cov_a: ArrayLike, mean_b: ArrayLike, cov_b: ArrayLike
) -> float:
    """Returns the squared Frechet distance of two Gaussians of given means and covariances.

    Args:
        mean_a: Array of shape `(d,)`.
        cov_a: Symmetric positive semi-definite array of shape `(d, d)`.
        mean_b: Array of shape `(d,)`.
        cov_b: Symmetric positive semi-definite array of shape `(d, d)`.

    Returns:
        `|mean_a - mean_b|^2 + trace(cov_a + cov_b - 2 (cov_a cov_b)^(1/2))`, at least 0.

    Raises:
        ValueError: If shapes do not fit, values are not finite, or a covariance is not symmetric
            positive semi-definite.

    Example:
        >>> from keras_gans import metrics
        >>> metrics.frechet_from_moments([0.0], [[1.0]], [3.0], [[4.0]])  # 3^2 + (2 - 1)^2
        10.0

    Reference:
        Dowson and Landau, "The Frechet Distance between Multivariate Normal
        Distributions" (1982).
    """
    mean_a, factor_a = check_moments(mean_a, cov_a, "a")
    mean_b, factor_b = check_moments(mean_b, cov_b, "b")
    if mean_a.shape != mean_b.shape:
        raise ValueError(
            "Expected moments of the same dimension. Received: "
            f"mean_a.shape={mean_a.shape}, mean_b.shape={mean_b.shape}. Use the same features."
        )
    # With C = F F', the eigenvalues of C_a C_b are the squared singular values of F_a' F_b.
    cross = nuclear_norm(factor_a.T @ factor_b)
    traces = np.square(factor_a).sum() + np.square(factor_b).sum()
    return float(max(0.0, np.square(mean_a - mean_b).sum() + traces - 2.0 * cross))


def check_moments(
    mean: ArrayLike, covariance: ArrayLike, suffix: str
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean and a factor of the covariance, both checked."""
    mean = checks.as_float(mean, f"mean_{suffix}").astype(np.float64, copy=False)
    covariance = checks.samples(covariance, f"cov_{suffix}").astype(np.float64, copy=False)
    if mean.ndim != 1 or covariance.shape != (mean.size, mean.size):
        raise ValueError(
            f"Expected mean_{suffix} of shape (d,) and cov_{suffix} of shape (d, d). Received: "
            f"mean_{suffix}.shape={mean.shape}, cov_{suffix}.shape={covariance.shape}. "
            "Pass the moments of one set of samples."
        )
    return checks.finite(mean, f"mean_{suffix}"), factor(covariance, f"cov_{suffix}")


def factor(covariance: np.ndarray, name: str, tolerance: float = 1e-5) -> np.ndarray:
    """Returns F of shape `(d, rank)` with `F F' = covariance`."""
    scale = np.abs(covariance).max()
    values, vectors = np.linalg.eigh(covariance)
    asymmetry = np.abs(covariance - covariance.T).max()
    if asymmetry > tolerance * scale or values[0] < -tolerance * scale:  # float32 moments pass
        raise ValueError(
            f"Expected {name} to be symmetric positive semi-definite. Received: {name} with "
            f"smallest eigenvalue {values[0]:g}, asymmetry {asymmetry:g}. Compute it with Moments."
        )
    # Null directions come out as rounding noise, whose square roots would add up.
    kept = values > values[-1] * len(values) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])
