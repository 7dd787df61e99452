"""Sizes of letters and coloured boxes in formulas, which math-core does not know.

It does know colours, which hold as far as a size does: so each size goes through it as a colour that nobody chooses,
and comes out as the attribute that MathML has for it.
"""

from __future__ import annotations

from collections.abc import Mapping

from kbtool.patterns import regex

SIZES: Mapping[str, float] = {
    r"\tiny": 0.5,
    r"\sixptsize": 0.6,
    r"\scriptsize": 0.7,
    r"\footnotesize": 0.8,
    r"\small": 0.9,
    r"\normalsize": 1.0,
    r"\large": 1.2,
    r"\Large": 1.44,
    r"\LARGE": 1.728,
    r"\huge": 2.074,
    r"\Huge": 2.488,
}
"""How large letters are behind each command, as in KaTeX."""
COLOURS: Mapping[str, str] = dict(
    pair.split("=")
    for pair in (
        "aliceblue=f0f8ff antiquewhite=faebd7 aqua=00ffff aquamarine=7fffd4 azure=f0ffff beige=f5f5dc "
        "bisque=ffe4c4 black=000000 blanchedalmond=ffebcd blue=0000ff blueviolet=8a2be2 brown=a52a2a "
        "burlywood=deb887 cadetblue=5f9ea0 chartreuse=7fff00 chocolate=d2691e coral=ff7f50 cornflowerblue=6495ed "
        "cornsilk=fff8dc crimson=dc143c cyan=00ffff darkblue=00008b darkcyan=008b8b darkgoldenrod=b8860b "
        "darkgray=a9a9a9 darkgreen=006400 darkkhaki=bdb76b darkmagenta=8b008b darkolivegreen=556b2f "
        "darkorange=ff8c00 darkorchid=9932cc darkred=8b0000 darksalmon=e9967a darkseagreen=8fbc8f "
        "darkslateblue=483d8b darkslategray=2f4f4f darkturquoise=00ced1 darkviolet=9400d3 deeppink=ff1493 "
        "deepskyblue=00bfff dimgray=696969 dodgerblue=1e90ff firebrick=b22222 floralwhite=fffaf0 "
        "forestgreen=228b22 fuchsia=ff00ff gainsboro=dcdcdc ghostwhite=f8f8ff gold=ffd700 goldenrod=daa520 "
        "gray=808080 green=008000 greenyellow=adff2f honeydew=f0fff0 hotpink=ff69b4 indianred=cd5c5c indigo=4b0082 "
        "ivory=fffff0 khaki=f0e68c lavender=e6e6fa lavenderblush=fff0f5 lawngreen=7cfc00 lemonchiffon=fffacd "
        "lightblue=add8e6 lightcoral=f08080 lightcyan=e0ffff lightgoldenrodyellow=fafad2 lightgray=d3d3d3 "
        "lightgreen=90ee90 lightpink=ffb6c1 lightsalmon=ffa07a lightseagreen=20b2aa lightskyblue=87cefa "
        "lightslategray=778899 lightsteelblue=b0c4de lightyellow=ffffe0 lime=00ff00 limegreen=32cd32 linen=faf0e6 "
        "magenta=ff00ff maroon=800000 mediumaquamarine=66cdaa mediumblue=0000cd mediumorchid=ba55d3 "
        "mediumpurple=9370db mediumseagreen=3cb371 mediumslateblue=7b68ee mediumspringgreen=00fa9a "
        "mediumturquoise=48d1cc mediumvioletred=c71585 midnightblue=191970 mintcream=f5fffa mistyrose=ffe4e1 "
        "moccasin=ffe4b5 navajowhite=ffdead navy=000080 oldlace=fdf5e6 olive=808000 olivedrab=6b8e23 orange=ffa500 "
        "orangered=ff4500 orchid=da70d6 palegoldenrod=eee8aa palegreen=98fb98 paleturquoise=afeeee "
        "palevioletred=db7093 papayawhip=ffefd5 peachpuff=ffdab9 peru=cd853f pink=ffc0cb plum=dda0dd "
        "powderblue=b0e0e6 purple=800080 rebeccapurple=663399 red=ff0000 rosybrown=bc8f8f royalblue=4169e1 "
        "saddlebrown=8b4513 salmon=fa8072 sandybrown=f4a460 seagreen=2e8b57 seashell=fff5ee sienna=a0522d "
        "silver=c0c0c0 skyblue=87ceeb slateblue=6a5acd slategray=708090 snow=fffafa springgreen=00ff7f "
        "steelblue=4682b4 tan=d2b48c teal=008080 thistle=d8bfd8 tomato=ff6347 turquoise=40e0d0 violet=ee82ee "
        "wheat=f5deb3 white=ffffff whitesmoke=f5f5f5 yellow=ffff00 yellowgreen=9acd32 "
    ).split()
)
"""The names of colours in browsers, which KaTeX hands to them."""
# Colours that stand for something else: a size, a box, a box with a frame.
_SIZE, _BOX, _FRAME = "D15E", "D15EB0", "D15EF0"
_HEX = regex(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?:[0-9a-fA-F]{1,2})?")
_MROW = r'<mrow style="color:#{};">'
_BOXED = regex(_MROW.format(_BOX) + _MROW.format("(.{6})"))
_FRAMED = regex(_MROW.format(_FRAME) + 2 * _MROW.format("(.{6})"))
# A sign behind something is between two even where another colour begins with it.
_SIGN = regex(r'(</[a-z]+>)((?:<mrow style="[^"]*">)+)<mo>([+−±∓])')
_TAG = regex(r'<(/?)[a-z]+(?: style="color:#D15E([0-9]{2});")?[^<>]*?(/?)>')


def size(command: str) -> str:
    """A command for letters of another size, as math-core takes it."""
    return f"\\color[HTML]{{{_SIZE}{list(SIZES).index(command):02}}}"


def colour(name: str) -> str:
    """What a colour is in six digits, or nothing when it is none."""
    found = _HEX.fullmatch(name)
    if not found:
        return COLOURS.get(name.lower().replace("grey", "gray"), "").upper()
    return (found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])).upper()


def box(colours: list[str]) -> str:
    """What a box begins with, of one colour, or with a frame of the first and filled with the second."""
    known = [colour(name.strip()) for name in colours]
    if not all(known):
        return ""  # as in a browser, which does not know the colour either
    return "".join(f"\\color[HTML]{{{one}}}" for one in ((_BOX, _FRAME)[len(known) - 1], *known))


def shown(markup: str) -> str:
    """MathML of math-core's with what the colours above stand for."""
    if "<mrow style" not in markup:
        return markup
    markup = _SIGN.sub(r'\1\2<mo form="infix">\3', markup)
    markup = _FRAMED.sub(
        lambda m: f'<mrow><mrow class="kb-colorbox kb-colorbox--framed" mathcolor="#{m[1]}"{_filled(m[2])}', markup
    )
    markup = _BOXED.sub(lambda m: f'<mrow class="kb-colorbox"{_filled(m[1])}', markup)
    pieces: list[str] = []
    sizes = [1.0]
    at = 0
    for tag in _TAG.finditer(markup):
        if tag[1]:
            sizes.pop()
        elif tag[2]:
            wanted = list(SIZES.values())[int(tag[2]) % len(SIZES)]
            pieces += (markup[at : tag.start()], f'<mrow mathsize="{100 * wanted / sizes[-1]:.5g}%">')
            at = tag.end()
            sizes.append(wanted)
        elif not tag[3]:
            sizes.append(sizes[-1])
    return "".join((*pieces, markup[at:]))


def _filled(ground: str) -> str:
    """The rest of a box's start tag, and what its words stand in: ink that can be read on its ground, light or dark."""
    red, green, blue = (int(ground[at : at + 2], 16) for at in (0, 2, 4))
    ink = "000000" if 299 * red + 587 * green + 114 * blue > 128_000 else "FFFFFF"
    return f' mathbackground="#{ground}"><mrow mathcolor="#{ink}">'
