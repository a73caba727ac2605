"""What the discriminator sees instead of samples."""

from keras_gans.augment.ada import ADA
from keras_gans.augment.augmentation import Augmentation, ImageAugmentation
from keras_gans.augment.diff_augment import DiffAugment

__all__ = ["ADA", "Augmentation", "DiffAugment", "ImageAugmentation"]
