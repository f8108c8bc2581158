"""DiffBIR's control branch: its zeros, its place beside a UNet, and checkpoints in the published names."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from sedicfmt.decoders.diffusers.control_diffbir import DiffBirControl, control_from_unet  # noqa: E402
from sedicfmt.decoders.diffusers.convert_diffbir import (  # noqa: E402
    checkpoint_key,
    convert_diffbir,
    load_diffbir,
    read_diffbir,
)
from sedicfmt.decoders.diffusers.load import open_model  # noqa: E402
from sedicfmt.errors import BackendFailed  # noqa: E402
from tests.backends.tiny_models import UNET, WIDTH, build_tiny_stable_diffusion, disturb, tiny_unet  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="session")
def unet():
    torch.manual_seed(2)
    return tiny_unet().eval().requires_grad_(False)


@pytest.fixture(scope="session")
def control(unet):
    """A branch without zeros."""
    torch.manual_seed(3)
    made = control_from_unet(unet)
    disturb(made.controlnet_down_blocks, made.controlnet_mid_block, made.conv_in)
    return made.eval().requires_grad_(False)


@pytest.fixture()
def checkpoint(control):
    """The branch as DiffBIR would publish it."""
    return {checkpoint_key(name, 2): value for name, value in control.state_dict().items()}


@pytest.fixture(scope="session")
def inputs():
    torch.manual_seed(4)
    return torch.randn(2, 4, 8, 16), torch.tensor(500), torch.randn(2, 77, WIDTH), torch.randn(2, 4, 8, 16)


# -- the branch --------------------------------------------------------------------------------------------------------


def test_at_its_beginning_it_changes_nothing(unet, inputs):
    z, t, text, latent = inputs
    down, mid = control_from_unet(unet).eval()(z, t, text, latent)
    assert len(down) == 12 and all(not r.any() for r in (*down, mid))
    with_it = unet(z, t, text, down_block_additional_residuals=down, mid_block_additional_residual=mid).sample
    assert torch.equal(with_it, unet(z, t, text).sample)


def test_its_encoder_is_the_unets(unet, inputs):
    """Behind zero-convolutions that let everything through stand the UNet's own skips, whatever the condition."""
    z, t, text, latent = inputs
    branch = control_from_unet(unet).eval()
    for zero in (*branch.controlnet_down_blocks, branch.controlnet_mid_block):
        torch.nn.init.dirac_(zero.weight)
    down, mid = branch(z, t, text, latent)
    skips = []
    hook = unet.mid_block.register_forward_hook(lambda _, given, out: skips.append(out))
    unet(z, t, text)
    hook.remove()
    assert torch.allclose(mid, skips[0], atol=1e-6)
    assert torch.allclose(down[0], unet.conv_in(z), atol=1e-6)
    assert [tuple(r.shape[1:]) for r in down] == SHAPES


def test_the_condition_is_seen(control, inputs):
    z, t, text, latent = inputs
    assert not torch.allclose(control(z, t, text, latent)[1], control(z, t, text, -latent)[1], atol=1e-4)


# -- names -------------------------------------------------------------------------------------------------------------


def test_every_name_is_the_one_that_diffusers_knows(checkpoint, control):
    """diffusers' converter for ControlNets, on names in place of tensors, agrees on every one."""
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

    theirs = convert_controlnet_checkpoint({key: key for key in checkpoint}, {"layers_per_block": 2})
    assert theirs == {name: checkpoint_key(name, 2) for name in control.state_dict()}


@pytest.mark.parametrize("key", ["input_blocks.0.0.weight", "input_blocks.3.0.op.weight", "zero_convs.11.0.bias",
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", "input_blocks.4.0.skip_connection.weight",
    "input_blocks.11.0.out_layers.3.weight", "middle_block.1.proj_in.weight", "middle_block.2.emb_layers.1.bias",
    "middle_block_out.0.weight", "time_embed.2.weight", "input_blocks.7.1.transformer_blocks.0.ff.net.0.proj.weight"]
)  # fmt: skip
def test_names_of_the_published_layout(checkpoint, key):
    assert key in checkpoint


def test_sizes_of_the_published_branch():
    """Stable Diffusion 2.1's branch, without memory: 13 zero-convolutions, 8 channels in, about 363 million numbers."""
    sizes = {"block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 1024, "norm_num_groups": 32}
    with torch.device("meta"):
        branch = DiffBirControl({**UNET, **sizes, "attention_head_dim": (5, 10, 20, 20)})
    keys = {checkpoint_key(name, 2): tuple(value.shape) for name, value in branch.state_dict().items()}
    assert keys["input_blocks.0.0.weight"] == (320, 8, 3, 3)
    assert keys["input_blocks.1.1.proj_in.weight"] == (320, 320)  # linear, as in Stable Diffusion 2
    assert keys["input_blocks.8.1.transformer_blocks.0.attn2.to_k.weight"] == (1280, 1024)
    assert sum(key.startswith("zero_convs.") for key in keys) == 24
    assert len(keys) == len(branch.state_dict())
    assert 363.1e6 < sum(p.numel() for p in branch.parameters()) < 363.2e6


# -- conversion --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["v2.pth", "v2.safetensors"])
def test_a_checkpoint_comes_back(checkpoint, control, inputs, unet, file, tmp_path):
    save(checkpoint, tmp_path / file)
    loaded = load_diffbir(tmp_path / file, unet.config).eval()
    z, t, text, latent = inputs
    assert all(torch.equal(v, control.state_dict()[k]) for k, v in loaded.state_dict().items())
    assert torch.allclose(loaded(z, t, text, latent)[1], control(z, t, text, latent)[1], atol=1e-5)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda c: {"state_dict": c},
        lambda c: (
            {"control_model." + k: v for k, v in c.items()} | {"model.diffusion_model.out.0.weight": torch.ones(1)}
        ),
        lambda c: {"state_dict": {"module.controlnet." + k: v for k, v in c.items()}, "epoch": 3},
    ],
)
def test_wrapped_checkpoints(checkpoint, control, wrap):
    assert set(convert_diffbir(wrap(checkpoint), control)) == set(control.state_dict())


@pytest.mark.parametrize(
    "key", ["zero_convs.7.0.weight", "input_blocks.5.1.norm.bias", "middle_block.0.in_layers.2.weight"]
)
def test_a_missing_key_is_named(checkpoint, control, key):
    del checkpoint[key]
    with pytest.raises(BackendFailed, match=f"lacks {key}"):
        convert_diffbir(checkpoint, control)


def test_a_wrong_shape_is_named(checkpoint, control):
    checkpoint["input_blocks.0.0.weight"] = torch.zeros(8, 4, 3, 3)
    with pytest.raises(BackendFailed, match=r"input_blocks.0.0.weight .*\(8, 4, 3, 3\), not \(8, 8, 3, 3\)"):
        convert_diffbir(checkpoint, control)
    checkpoint["input_blocks.0.0.weight"] = "eight"
    with pytest.raises(BackendFailed, match=r"input_blocks.0.0.weight"):
        convert_diffbir(checkpoint, control)


def test_a_key_too_many_is_named(checkpoint, control):
    checkpoint["input_hint_block.0.weight"] = torch.zeros(1)
    with pytest.raises(BackendFailed, match=r"1 keys .* input_hint_block.0.weight"):
        convert_diffbir(checkpoint, control)


def test_files_that_are_no_checkpoints(tmp_path):
    import pickle

    for name, content in (
        ("a.pth", b"no"),
        ("b.safetensors", b"no"),
        ("c.pth", pickle.dumps(print, protocol=2)),
        ("d.pth", b""),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BackendFailed, match=name):
            read_diffbir(tmp_path / name)
    torch.save([torch.ones(1)], tmp_path / "e.pth")
    with pytest.raises(BackendFailed, match="no names"):
        read_diffbir(tmp_path / "e.pth")


# -- as a model --------------------------------------------------------------------------------------------------------


def test_opened_beside_its_base(checkpoint, control, tmp_path, inputs):
    build_tiny_stable_diffusion(tmp_path / "sd", with_controlnet=False)
    save(checkpoint, tmp_path / "v2.pth")
    d = open_model(str(tmp_path / "sd"), str(tmp_path / "v2.pth"), "latent", device="cpu").denoiser
    z, t, text, latent = inputs
    down, mid = control(z, t, text, latent[:1].expand_as(z))
    with torch.no_grad():
        expected = d.unet(z, t, text, down_block_additional_residuals=down, mid_block_additional_residual=mid).sample
    assert d.control_kind == "latent"
    assert torch.allclose(d.predict(z, 500, text, latent[:1]), expected, atol=1e-5)
    maps = d.attention_maps(z.clone().requires_grad_(True), 500, text, latent[:1])
    assert maps[0].requires_grad and maps[0].shape == (8, 2, 4, 77)


def save(checkpoint, path):
    from safetensors.torch import save_file

    if path.suffix == ".safetensors":
        save_file(checkpoint, path)
    else:
        torch.save(checkpoint, path)


SHAPES = [
    *[(8, 8, 16)] * 3,
    (8, 4, 8),
    *[(16, 4, 8)] * 2,
    (16, 2, 4),
    *[(16, 2, 4)] * 2,
    (16, 1, 2),
    *[(16, 1, 2)] * 2,
]
