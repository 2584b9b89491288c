"""A layout of published weights as data: rules between their names and shapes and ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from designspace.weights.patterns import rewrite

Origin = Literal["designspace", "timm", "torchvision", "official"]
Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
Form = Callable[[Shape], Shape]
Resize = Callable[[Tensor, Shape], Tensor | None]


def same(shape: Shape) -> Shape:
    """Their shape is ours."""
    return shape


def conv1x1(shape: Shape) -> Shape:
    """A linear layer of ours is a 1x1 convolution of theirs."""
    return (*shape, 1, 1) if len(shape) == 2 else shape


def on_map(shape: Shape) -> Shape:
    """A vector of ours is a map of one position, channels last, of theirs."""
    return (1, 1, 1, *shape)


def before_map(shape: Shape) -> Shape:
    """A vector of ours is a map of one position, channels first, of theirs."""
    return (*shape, 1, 1)


@dataclass(frozen=True)
class Rule:
    """One kind of tensor, under both names.

    Attributes:
        theirs: Pattern of the published name (see `patterns`).
        ours: Pattern of our name.
        form: Their shape, from ours.
        resize: Fits a table that was made for another size of input or window to our shape; None
            where that has no meaning.
        convert: Reads a further form of theirs, which is never written, in our shape; None from it
            where a tensor has no such form.
        reverses: Whether their input channels are in the opposite order (BGR, as OpenCV reads).
    """

    theirs: str
    ours: str
    form: Form = same
    resize: Resize | None = None
    convert: Resize | None = None
    reverses: bool = False


@dataclass(frozen=True)
class Layout:
    """How one code base names the tensors of one family.

    Attributes:
        family: The family, as in the catalog's names.
        origins: Whose layout it is; several where they agree.
        rules: One for each kind of tensor; the first that matches counts.
        tables: Patterns of their buffers that follow from the architecture.
        needs: Our names without which a network is not of the family.
        suits: Whether a network of these shapes of ours is of the family, as this code base builds
            it. Names alone do not tell: ResNet and RegNet have the same in our layout.
        remark: What a person should know who loads these weights.
    """

    family: str
    origins: tuple[Origin, ...]
    rules: tuple[Rule, ...]
    tables: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    suits: Callable[[Shapes], bool] = lambda _shapes: True
    remark: str = ""

    @property
    def is_own(self) -> bool:
        """Whether it is our own layout, in which every name is known."""
        return self.origins == ("designspace",)

    @property
    def title(self) -> str:
        """For people, such as `timm's layout of swin`."""
        words = {"timm": "timm's", "torchvision": "torchvision's", "official": "the authors'"}
        if self.is_own:
            return "our own layout"
        return f"{' and '.join(words[o] for o in self.origins)} layout of {self.family}"

    def is_for(self, shapes: Shapes) -> bool:
        """Whether a network of these shapes of ours is of the family."""
        return all(name in shapes for name in self.needs) and self.suits(shapes)

    def ours(self, theirs: str) -> Iterator[tuple[str, Rule]]:
        """Our possible names for one of theirs."""
        for rule in self.rules:
            name = rewrite(theirs, rule.theirs, rule.ours)
            if name is not None:
                yield name, rule

    def theirs(self, ours: str) -> tuple[str, Rule] | None:
        """Their name for one of ours."""
        for rule in self.rules:
            name = rewrite(ours, rule.ours, rule.theirs)
            if name is not None:
                return name, rule
        return None

    def is_table(self, theirs: str) -> bool:
        """Whether one of their names is a buffer that follows from the architecture."""
        return any(rewrite(theirs, pattern, pattern) is not None for pattern in self.tables)
