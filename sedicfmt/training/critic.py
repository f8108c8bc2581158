"""The restorer's critic: does this look like a photo? Small heads on a frozen network's features judge every place.

Features that know photos make the judge good within minutes (projected GANs, Sauer et al., 2021). The loss is the hinge
(Lim and Ye, 2017): the critic learns to give photos more than 1 and guesses less than -1; the restorer learns to be given
more. A feature is measured in its own deviation over both, so that no channel shouts. A second, small critic looks at the
pixels themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sedicfmt.evaluation.efficientnet_lite import EfficientNetLiteFeatures

WIDTH = 48


class Head(nn.Module):
    """Features (b, c, h, w) -> a verdict for every place, (b, 1, h, w)."""

    def __init__(self, channels: int):
        super().__init__()
        self.even = nn.BatchNorm2d(channels, affine=False)
        self.layers = nn.Sequential(
            nn.Conv2d(channels, WIDTH, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH),
            nn.Conv2d(WIDTH, WIDTH, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(WIDTH, 1, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        verdict: Tensor = self.layers(self.even(features))
        return verdict


class Critic(nn.Module):
    """A head for each depth of the features."""

    def __init__(self, features: EfficientNetLiteFeatures):
        super().__init__()
        self.heads = nn.ModuleList(Head(channels) for channels in features.channels)

    def own_loss(self, photo: Sequence[Tensor], guess: Sequence[Tensor]) -> Tensor:
        """What the critic learns from: features of photos and of guesses. Its norms' statistics move along."""
        self.train()
        losses = []
        for head, real, painted in zip(self.heads, photo, guess, strict=True):
            for_photo, for_guess = head(torch.cat([real, painted.detach()])).chunk(2)
            losses.append((F.relu(1 - for_photo) + F.relu(1 + for_guess)).mean())
        return torch.stack(losses).mean()

    def verdict(self, guess: Sequence[Tensor]) -> Tensor:
        """What the restorer is to lower: minus the mean verdict on its guesses' features."""
        self.eval()
        return -torch.stack([head(painted).mean() for head, painted in zip(self.heads, guess, strict=True)]).mean()


class PixelCritic(nn.Module):
    """Does this detail belong to this control? A patch critic on pixels: it sees dots that frozen features do not see."""

    def __init__(self, width: int = 32):
        super().__init__()
        shapes = (
            (6, width, 4, 2),
            (width, 2 * width, 4, 2),
            (2 * width, 4 * width, 4, 2),
            (4 * width, 4 * width, 3, 1),
        )
        layers: list[nn.Module] = []
        for before, after, kernel, stride in shapes:
            layers += [steady(nn.Conv2d(before, after, kernel, stride, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, steady(nn.Conv2d(4 * width, 1, 3, 1, 1)))

    def forward(self, picture: Tensor, control: Tensor) -> Tensor:
        verdict: Tensor = self.layers(torch.cat([picture, control], 1))
        return verdict

    def own_loss(self, photo: Tensor, guess: Tensor, control: Tensor) -> Tensor:
        """What the critic learns from: pictures (b, 3, h, w) in -1..1."""
        pictures = torch.cat([photo, guess.detach()])
        for_photo, for_guess = self(pictures, torch.cat([control, control]).detach()).chunk(2)
        return F.relu(1 - for_photo).mean() + F.relu(1 + for_guess).mean()

    def verdict(self, guess: Tensor, control: Tensor) -> Tensor:
        """What the restorer is to lower; the critic's own weights get no gradient of it."""
        self.requires_grad_(False)
        verdict = -self(guess, control.detach()).mean()
        self.requires_grad_(True)
        return verdict


def steady(layer: nn.Conv2d) -> nn.Module:
    """The layer with its largest gain held at one (Miyato et al., 2018)."""
    return nn.utils.parametrizations.spectral_norm(layer)
