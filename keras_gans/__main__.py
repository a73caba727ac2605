"""`python -m keras_gans` is `keras-gans`."""

import sys

from keras_gans.scripts.main import main

sys.exit(main())
