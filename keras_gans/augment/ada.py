"""Adaptive discriminator augmentation."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from keras_gans import backend
from keras_gans.augment.augmentation import STEPS, ImageAugmentation
from keras_gans.augment.colour import recoloured
from keras_gans.augment.geometry import Affine, resampled

# How many numbers the whole pipeline takes: one an operation, and one a parameter.
NUMBERS = 28

# Laws of parameters, functions of u from U(0, 1).


def integer(count: int) -> Callable[[Any], Any]:
    """The integers from 0 to `count` - 1, equally often."""
    return lambda u: ops.floor(count * u)


def uniform(bound: float) -> Callable[[Any], Any]:
    """Uniform on [-bound, bound)."""
    return lambda u: bound * (2.0 * u - 1.0)


def normal(std: float) -> Callable[[Any], Any]:
    """Normal around 0: the quantile of the middle between u and the next number, never 0 or 1."""
    return lambda u: std * math.sqrt(2.0) * ops.erfinv(2.0 * u - 1.0 + 1.0 / STEPS)


class Parameters:
    """The parameters of random operations, which are the identity where these are 0.

    Args:
        uniforms: Numbers from U(0, 1), taken one after the other.
        p: With which probability an operation takes place; otherwise its parameters are 0.
    """

    def __init__(self, uniforms: Sequence[Any], p: Any):
        self.p = p
        self._uniforms = iter(uniforms)

    def one(self, law: Callable[[Any], Any], p: Any = None) -> Any:
        """Returns the parameter of the next operation, which may have another probability."""
        return self._happens(p) * law(next(self._uniforms))

    def two(self, law: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Returns both parameters of the next operation."""
        happens = self._happens()
        return happens * law(next(self._uniforms)), happens * law(next(self._uniforms))

    def _happens(self, p: Any = None) -> Any:
        return ops.cast(next(self._uniforms) < (self.p if p is None else p), "float32")


def blitted(back: Affine, draw: Parameters, height: int, width: int) -> Affine:
    """Pixel blitting: mirror image, quarter turns, translation by whole pixels."""
    back = back.scaled(1.0, 1.0 - 2.0 * draw.one(integer(2)))
    angle = draw.one(integer(4)) * (math.pi / 2)
    back = back.rotated(ops.round(ops.cos(angle)), ops.round(ops.sin(angle)))
    y, x = draw.two(uniform(0.125))
    return back.translated(ops.round(y * height), ops.round(x * width))


def warped(back: Affine, draw: Parameters, height: int, width: int) -> Affine:
    """General geometric transformations: scaling, rotation, stretching, rotation, translation."""
    # Rotations in front and behind, one of which at least takes place with probability p.
    p = 1.0 - ops.sqrt(1.0 - draw.p)

    def rotated(back):
        angle = draw.one(uniform(math.pi), p)
        return back.rotated(ops.cos(angle), ops.sin(angle))

    scale = ops.exp2(draw.one(normal(0.2)))
    back = rotated(back.scaled(scale, scale))
    stretch = ops.exp2(draw.one(normal(0.2)))
    back = rotated(back.scaled(1.0 / stretch, stretch))
    y, x = draw.two(normal(0.125))
    return back.translated(y * height, x * width)


def coloured(images: Any, draw: Parameters) -> Any:
    """Colour transformations: brightness, contrast, luma flip, hue, saturation."""
    return recoloured(
        images,
        brightness=draw.one(normal(0.2)),
        contrast=ops.exp2(draw.one(normal(0.5))),
        flip=draw.one(integer(2)),
        hue=draw.one(uniform(math.pi)),
        saturation=ops.exp2(draw.one(normal(1.0))),
    )


@keras.saving.register_keras_serializable("keras_gans")
class ADA(ImageAugmentation):
    """Adaptive discriminator augmentation: random operations, the more the discriminator overfits.

    Each operation takes place with probability p, for each image on its own. The discriminator's
    outputs on reals tell how far it overfits: r is the mean of their signs, near 0 when reals look
    like any other images and 1 when it knows them all. After every `every` updates of the
    discriminator p rises if r, the mean over these, is above the target, and falls if it is below:
    by their number of reals, on all replicas, / (1000 `kimg`). The logs are "ada_r" and "ada_p".
    This needs a loss with 0 between real and fake, such as the non-saturating one; the outputs of
    Wasserstein critics and relativistic ones have no zero of their own: fix their p.

    The operations and their laws are the paper's, in its order:

    - "b", pixel blitting: mirror image, quarter turns, translation by whole pixels up to an eighth
      of the size;
    - "g", geometric: scaling by 2^N(0, 0.2^2), rotation by any angle, stretching of the width by
      2^N(0, 0.2^2) and of the height by its inverse, rotation, translation by N(0, 0.125^2) of the
      size; the two rotations with probability 1 - sqrt(1 - p) each;
    - "c", colour: brightness + N(0, 0.2^2), contrast x 2^N(0, 0.5^2), luma flip, rotation of the
      hue by any angle, saturation x 2^N(0, 1). Of images of one channel the last two change
      nothing.

    Where a mirror image, quarter turn or luma flip takes place, it is drawn from all of them, the
    identity among them. The numbers are for values on [-1, 1], which are not clipped afterwards.

    All of "b" and "g" is one resampling. It differs from the paper's in two points. The paper
    doubles the image by the wavelet sym6, moves it there linearly, and halves it by sym6; here it
    is doubled by the product of these two filters, which leaves all pixels as they are, and needs
    no halving. Translations are the same, mirror images and quarter turns are exact, and scaled or
    rotated images miss the low-pass filter behind. And outside of an image its reflection goes on
    for ever, where the paper's ends after one size.

    Args:
        target: What r should be, in [-1, 1], or None for a fixed p.
        policy: The letters of the groups of operations, out of "bgc".
        every: Updates of the discriminator between two changes of p.
        kimg: Thousands of reals in which p could rise from 0 to 1, counted by the discriminator's
            outputs: of packs where it packs.
        p: Where p begins, in [0, 1].
        max_p: The most that p may become, in [0, 1]; above about 0.8, says the paper, generators
            may come to make augmented images.
        seed: Integer seed; drawn if None. The random state and p are saved and resumed with the
            model.
        **kwargs: `name`, `dtype` and the like, as `keras.layers.Layer` takes them.

    Raises:
        ValueError: If an argument is out of its range; if it is called with anything but images
            of known size, at least 2x2, channels last; for "c" of 1 or 3 channels.

    Example:
        >>> gan.compile(augment=kg.augment.ADA(target=0.6, kimg=100))

    Reference:
        Karras et al., 2020, Training Generative Adversarial Networks with Limited Data, section 3
        and appendix B.
    """

    def __init__(
        self,
        target: float | None = 0.6,
        policy: str = "bgc",
        every: int = 4,
        kimg: float = 500.0,
        p: float = 0.0,
        max_p: float = 1.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed, **kwargs)
        _check(target, policy, every, kimg, p, max_p)
        self.target, self.policy, self.every = target, policy, every
        self.kimg, self.initial_p, self.max_p = kimg, p, max_p
        self.p = self._number("p", p)
        # Since the last change of p.
        self.signs, self.reals, self.updates = map(self._number, ("signs", "reals", "updates"))

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        super().build(input_shape)
        _, *size, channels = input_shape
        if 1 in size:
            raise ValueError(
                "Expected images of at least 2x2 pixels to move. Received: shape="
                f"{tuple(input_shape)}; use DiffAugment"
            )
        if "c" in self.policy and channels not in (1, 3):
            raise ValueError(
                "Expected images of 1 or 3 channels to change the colours of. Received: shape="
                f"{tuple(input_shape)}; use policy='bg'"
            )

    def augmented(self, images: Any) -> Any:
        return pipeline(images, self.uniforms(images, NUMBERS), self.p, self.policy)

    def statistics(self, real_outputs: dict[str, Any]) -> dict[str, Any]:
        logits = real_outputs["logits"]
        reals = ops.cast(ops.shape(logits)[0], "float32")
        return {"ada_r": ops.mean(ops.sign(logits)), "ada_reals": reals}

    def after_discriminator(self, terms: dict[str, Any]) -> None:
        reals = backend.replica_count() * backend.mean_over_replicas(terms.pop("ada_reals"))
        if self.target is not None:
            self._adapt(backend.mean_over_replicas(terms["ada_r"]), reals)
        terms["ada_p"] = ops.convert_to_tensor(self.p)

    def _adapt(self, r: Any, reals: Any) -> None:
        signs, reals, updates = self.signs + r, self.reals + reals, self.updates + 1.0
        is_due = ops.cast(updates >= self.every, "float32")
        change = ops.sign(signs / updates - self.target) * reals / (1000.0 * self.kimg)
        self.p.assign(ops.clip(self.p + is_due * change, 0.0, self.max_p))
        for variable, value in ((self.signs, signs), (self.reals, reals), (self.updates, updates)):
            variable.assign((1.0 - is_due) * value)

    def _number(self, name: str, value: float = 0.0) -> keras.Variable:
        initializer = keras.initializers.Constant(value)
        return self.add_weight((), initializer, trainable=False, name=name)

    def get_config(self) -> dict[str, Any]:
        names = ("target", "policy", "every", "kimg", "max_p")
        own = {name: getattr(self, name) for name in names}
        return {**super().get_config(), **own, "p": self.initial_p}


def pipeline(images: Any, uniforms: Sequence[Any], p: Any, policy: str) -> Any:
    """Returns images after the random operations of a policy.

    Args:
        images: float32 tensor of shape `(batch, height, width, channels)`.
        uniforms: 28 tensors of shape `(batch, 1, 1, 1)` from U(0, 1).
        p: With which probability each operation takes place.
        policy: The letters of their groups.
    """
    draw, back = Parameters(uniforms, p), Affine()
    height, width = images.shape[1:3]
    if "b" in policy:
        back = blitted(back, draw, height, width)
    if "g" in policy:
        back = warped(back, draw, height, width)
    if set(policy) & set("bg"):
        images = resampled(images, back)
    return coloured(images, draw) if "c" in policy else images


def _check(target: Any, policy: Any, every: Any, kimg: Any, p: Any, max_p: Any) -> None:
    letters = isinstance(policy, str) and set(policy) <= set("bgc") and len(policy) > 0
    for name, value, expected, fits in (
        ("target", target, "None or in [-1, 1]", target is None or _is_number(target, -1, 1)),
        ("policy", policy, "letters out of 'bgc'", letters),
        ("every", every, "an integer >= 1", isinstance(every, int) and every >= 1),
        ("kimg", kimg, "a number > 0", _is_number(kimg, 0, math.inf) and kimg > 0),
        ("max_p", max_p, "in [0, 1]", _is_number(max_p, 0, 1)),
        ("p", p, "in [0, max_p]", _is_number(p, 0, 1) and p <= max_p),
    ):
        if not fits:
            raise ValueError(f"Expected `{name}` to be {expected}. Received: {name}={value!r}")


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low <= value <= high
