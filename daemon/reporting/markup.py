"""HTML and SVG as a tree: whatever a value says is text in it, and can be nothing else."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from transfer.visible import visible

Node = ET.Element


def tag(name: str, /, *children: Node | str, **attributes: object) -> Node:
    """An element; `class_` is class, `stroke_width` is stroke-width, None leaves one out."""
    told = {
        key.strip("_").replace("_", "-"): visible(str(value))
        for key, value in attributes.items()
        if value is not None
    }
    node = ET.Element(name, told)
    for child in children:
        if isinstance(child, str):
            _add(node, visible(child))
        else:
            node.append(child)
    return node


def _add(node: Node, text: str) -> None:
    if len(node):
        node[-1].tail = (node[-1].tail or "") + text
    else:
        node.text = (node.text or "") + text


def written(page: Node) -> str:
    """In ASCII, so that no server and no terminal can take it for another encoding."""
    body = ET.tostring(page, encoding="us-ascii", method="html")
    return f"<!DOCTYPE html>\n{body.decode('ascii')}\n"
