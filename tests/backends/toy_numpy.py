"""The model of toy_model.py, in numpy: what the loop makes of it must be what it makes of the other."""

import dataclasses

from sedicfmt.decoders.interfaces import EncodedTexts
from tests.backends.toy_model import ToyDenoiser, toy_model


class NumpySpace:
    multiple = 4

    def encode(self, picture):
        return picture.copy()

    def decode(self, latent):
        return latent.copy()


class NumpyDenoiser(ToyDenoiser):
    def encode_texts(self, texts):
        told = super().encode_texts(texts)
        return EncodedTexts(told.embedding.numpy(), told.spans)

    def predict(self, z, t, text, control):
        return control + self.pull * (text[:, 1].reshape(-1, 1, 1, 1) - control) + self.keep * z


def toy_numpy(**settings):
    """The same model, its arrays numpy's."""
    return dataclasses.replace(
        toy_model(), space=NumpySpace(), denoiser=NumpyDenoiser(**settings), library="numpy", name="toy in numpy"
    )
