"""A layout of published weights as data: rules that relate their names and shapes to ours."""

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
    """Return our shape: theirs is the same."""
    return shape


def conv1x1(shape: Shape) -> Shape:
    """Return their shape if our linear layer is a 1x1 convolution of theirs."""
    return (*shape, 1, 1) if len(shape) == 2 else shape


def on_map(shape: Shape) -> Shape:
    """Return their shape if our vector is a map of one position with channels last."""
    return (1, 1, 1, *shape)


def before_map(shape: Shape) -> Shape:
    """Return their shape if our vector is a map of one position with channels first."""
    return (*shape, 1, 1)


@dataclass(frozen=True)
class Rule:
    """One kind of tensor, under both names.

    Attributes:
        theirs: Pattern of the published name (see `patterns`).
        ours: Pattern of our name.
        form: Function from our shape to theirs.
        resize: Function that fits a table for another size of input or window to our shape; None if
            that has no meaning.
        convert: Function that reads another form of theirs, which is never written, in our shape;
            it returns None for a tensor without that form.
        reverses: Whether their input channels are in the opposite order (BGR, as in OpenCV).
    """

    theirs: str
    ours: str
    form: Form = same
    resize: Resize | None = None
    convert: Resize | None = None
    reverses: bool = False


@dataclass(frozen=True)
class Layout:
    """The names and shapes that one code base gives to the tensors of one family.

    Attributes:
        family: Family, as in the catalog's names.
        origins: Code bases with this layout, several if they agree.
        rules: One rule per kind of tensor; the first that matches counts.
        tables: Patterns of their buffers that follow from the architecture.
        needs: Names of ours that every network of the family has.
        suits: Function of our shapes that returns whether the network is of the family, as this
            code base builds it. Names are not enough: ResNet and RegNet have the same names in our
            layout.
        remark: Sentence for people who load these weights.
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
        """Whether this is our own layout, in which every name is known."""
        return self.origins == ("designspace",)

    @property
    def title(self) -> str:
        """The layout for people, such as `timm's layout of swin`."""
        words = {"timm": "timm's", "torchvision": "torchvision's", "official": "the authors'"}
        if self.is_own:
            return "our own layout"
        return f"{' and '.join(words[o] for o in self.origins)} layout of {self.family}"

    def is_for(self, shapes: Shapes) -> bool:
        """Return whether a network with these shapes, under our names, is of the family."""
        return all(name in shapes for name in self.needs) and self.suits(shapes)

    def ours(self, theirs: str) -> Iterator[tuple[str, Rule]]:
        """Yield our possible names for one of theirs, each with its rule."""
        for rule in self.rules:
            name = rewrite(theirs, rule.theirs, rule.ours)
            if name is not None:
                yield name, rule

    def theirs(self, ours: str) -> tuple[str, Rule] | None:
        """Return their name for one of ours, with its rule; None if no rule matches."""
        for rule in self.rules:
            name = rewrite(ours, rule.ours, rule.theirs)
            if name is not None:
                return name, rule
        return None

    def is_table(self, theirs: str) -> bool:
        """Return whether one of their names is a buffer that follows from the architecture."""
        return any(rewrite(theirs, pattern, pattern) is not None for pattern in self.tables)
