"""MathML without `style=` attributes, which the content policy forbids.

They become classes of our stylesheet, and attributes of MathML's own.
"""

from __future__ import annotations

from collections.abc import Mapping

# Each declaration that math-core writes; `justify-items` always goes with `text-align`.
_CLASSES: Mapping[str, str] = {
    "text-align:right": "kb-mr",
    "text-align:left": "kb-ml",
    "padding-left:0": "kb-pl0",
    "padding-right:0": "kb-pr0",
    "padding-left:1em": "kb-pl1",
    "border-left:0.05em solid currentcolor": "kb-bl",
    "border-right:0.05em solid currentcolor": "kb-br",
    "border-top:0.05em solid currentcolor": "kb-bt",
    "border-bottom:0.05em solid currentcolor": "kb-bb",
    "border-left:0.05em dashed currentcolor": "kb-bl kb-dashed",
    "border-right:0.05em dashed currentcolor": "kb-br kb-dashed",
    "border-top:0.05em dashed currentcolor": "kb-bt kb-dashed",
    "border-bottom:0.05em dashed currentcolor": "kb-bb kb-dashed",
    "width:100%": "kb-w100",
    "width:50%": "kb-w50",
}


def without_styles(markup: str) -> str:
    """The same formula with classes and attributes in place of styles."""
    first, *others = markup.split(' style="')
    return first + "".join(_attributes(style) + rest for style, _, rest in (other.partition('"') for other in others))


def _attributes(style: str) -> str:
    names: list[str] = []
    given = ""
    for declaration in style.split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "color" and value.removeprefix("#").isalnum():
            given += f' mathcolor="{value}"'
        elif name == "font-size" and value.removesuffix("%").isdigit():
            given += f' mathsize="{value}"'
        elif found := _CLASSES.get(f"{name}:{value}"):
            names.append(found)
    return given + (f' class="{" ".join(names)}"' if names else "")
