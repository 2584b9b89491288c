"""Tools around torch on networks of ours; a test of a package that is missing is skipped."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.distributed.fsdp import fully_shard
from torch.export import Dim

import designspace
from designspace.compiler import with_plain_layers
from designspace.compiler.build import BlockModule
from designspace.costing import cost
from tests.helpers.small import SIDE, small, stir

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
X = torch.randn(2, 3, SIDE, SIDE)
some = pytest.mark.parametrize("name", ["convnextv2_atto", "swin_t", "deit_s", "regnetx_002"])


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    model = designspace.build(small(name), num_classes=5, input_size=SIDE)
    stir(model)
    return model.eval()


@some
@pytest.mark.parametrize("kind", ["Int8WeightOnlyConfig", "Int8DynamicActivationInt8WeightConfig"])
def test_torchao_quantises_the_linear_layers(name: str, kind: str) -> None:
    quantization = pytest.importorskip("torchao.quantization")
    model = built(name)
    quantised = copy.deepcopy(model)
    quantization.quantize_(quantised, getattr(quantization, kind)())
    linear = [module for module in quantised.modules() if isinstance(module, nn.Linear)]
    assert {type(module.weight).__name__ for module in linear} == {"Int8Tensor"}
    with torch.no_grad():
        expected = model(X)
        assert (quantised(X) - expected).norm() < 0.03 * expected.norm()


@some
def test_captum_attributes_to_pixels_and_maps(name: str) -> None:
    attr = pytest.importorskip("captum.attr")
    model, images = built(name), X.clone().requires_grad_()
    assert attr.Saliency(model).attribute(images, target=1).shape == X.shape
    assert attr.IntegratedGradients(model).attribute(images, target=1, n_steps=2).shape == X.shape
    last = list(model.get_submodule("stages").children())[-1]
    taken: list[Any] = []
    handle = last.register_forward_hook(lambda _m, _x, y: taken.append(y))
    logits = model(X)
    handle.remove()
    (grad,) = torch.autograd.grad(logits[:, 1].sum(), taken)
    (features,) = taken
    axes = tuple(range(2, features.ndim))
    expected = (grad.mean(axes, keepdim=True) * features).sum(1, keepdim=True)
    torch.testing.assert_close(attr.LayerGradCam(model, last).attribute(X, target=1), expected)


@some
def test_lightning_fits_a_batch(name: str) -> None:
    lightning = pytest.importorskip("lightning")

    class Classifier(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network = built(name)

        def training_step(self, batch: Any, _: int) -> Tensor:
            return nn.functional.cross_entropy(self.network(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.01)

    module = Classifier()
    before = [value.clone() for value in module.parameters()]
    trainer = lightning.Trainer(
        max_steps=1, accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, batches())
    changed = [not torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True)]
    assert any(changed)


@some
def test_accelerate_trains_a_batch(name: str) -> None:
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    model = built(name)
    names = set(model.state_dict())
    optimizer: Any = torch.optim.SGD(model.parameters(), 0.01)
    model, optimizer, loader = accelerator.prepare(model, optimizer, batches())
    for images, labels in loader:
        loss = nn.functional.cross_entropy(model(images), labels)
        accelerator.backward(loss)
        optimizer.step()
    assert set(accelerator.get_state_dict(model)) == names


def batches() -> Any:
    rows: Any = [(image, label) for label, image in enumerate(X)]
    return torch.utils.data.DataLoader(rows, batch_size=len(X))


CONVOLUTIONAL = pytest.mark.parametrize("name", ["convnextv2_atto", "regnetx_002"])


@CONVOLUTIONAL
def test_thop_counts_a_network_of_plain_layers(name: str) -> None:
    thop = pytest.importorskip("thop")
    model = with_plain_layers(built(name))
    with torch.no_grad():
        found, params = thop.profile(model, (X[:1],), verbose=False)
    expected = cost(small(name), input_size=SIDE, num_classes=5)
    # it counts norms and poolings too, and only parameters of modules that it knows
    assert expected.macs <= found < 1.1 * expected.macs
    assert 0.99 * expected.params < params <= expected.params


@CONVOLUTIONAL
def test_ptflops_counts_operators_rightly(name: str) -> None:
    ptflops = pytest.importorskip("ptflops")
    found, params = ptflops.get_model_complexity_info(
        built(name), (3, SIDE, SIDE), as_strings=False, print_per_layer_stat=False, backend="aten"
    )
    expected = cost(small(name), input_size=SIDE, num_classes=5)
    assert expected.macs <= found < 1.1 * expected.macs
    assert params == expected.params


@pytest.fixture
def alone() -> Iterator[Any]:
    """A process group of this process, as a device mesh."""
    from torch.distributed.device_mesh import DeviceMesh

    store = distributed.HashStore()  # pyright: ignore[reportPrivateImportUsage]
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    yield DeviceMesh("cpu", [0])
    distributed.destroy_process_group()


@some
def test_fully_sharded_blocks_train_a_step_alike(name: str, alone: Any) -> None:
    plain = built(name)
    sharded: Any = copy.deepcopy(plain)
    for module in list(sharded.modules()):
        if isinstance(module, BlockModule):
            fully_shard(module, mesh=alone)
    fully_shard(sharded, mesh=alone)
    for model in (plain, sharded):
        optimizer: Any = torch.optim.SGD(model.parameters(), 0.1)
        model(X).square().mean().backward()
        optimizer.step()
    found = sharded.state_dict()
    for key, value in plain.named_parameters():
        torch.testing.assert_close(found[key].full_tensor(), value.detach(), msg=key)


@pytest.fixture(scope="module")
def swin() -> nn.Module:
    """Swin at 224 pixels: from 256 on, windows of 7 are shifted in all of its stages."""
    return designspace.build(small("swin_t"), num_classes=5, input_size=224).eval()


def test_swin_is_exported_for_any_size_of_shifted_windows(swin: nn.Module) -> None:
    height, width = Dim("height", min=8, max=32), Dim("width", min=8, max=32)
    shapes = ({2: 32 * height, 3: 32 * width},)
    program = torch.export.export(swin, (torch.randn(1, 3, 256, 288),), dynamic_shapes=shapes)
    run = program.module()
    with torch.no_grad():
        for size in ((256, 256), (320, 256), (260, 300)):
            x = torch.randn(1, 3, *size)
            torch.testing.assert_close(run(x), swin(x))
    with pytest.raises(AssertionError, match="Guard failed"):
        run(torch.randn(1, 3, 224, 224))


def test_swin_compiles_no_more_than_twice_for_sizes_of_shifted_windows(swin: nn.Module) -> None:
    """Once for the first size, and once for all others."""
    torch.compiler.reset()
    graphs: list[Any] = []

    def note(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    compiled: Any = torch.compile(swin, fullgraph=True, backend=note)
    with torch.no_grad():
        for size in ((256, 320), (288, 352), (352, 288), (416, 320)):
            x = torch.randn(1, 3, *size)
            torch.testing.assert_close(compiled(x), swin(x))
    assert len(graphs) == 2


@some
def test_pt2e_quantises_a_network_of_plain_layers(name: str) -> None:
    pt2e = pytest.importorskip("torchao.quantization.pt2e.quantize_pt2e")
    x86 = pytest.importorskip("torchao.quantization.pt2e.quantizer.x86_inductor_quantizer")
    model = with_plain_layers(built(name))
    settings = x86.get_default_x86_inductor_quantization_config()
    quantizer = x86.X86InductorQuantizer().set_global(settings)
    prepared = pt2e.prepare_pt2e(torch.export.export(model, (X,)).module(), quantizer)
    with torch.no_grad():
        expected = model(X)
        prepared(X)
        found = pt2e.convert_pt2e(prepared)(X)
    assert (found - expected).norm() < 0.05 * expected.norm()
