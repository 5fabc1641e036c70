"""How the Graph API shows things: node types, their fields and edges, expansion and cursor paging."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.graph_errors import graph_error, invalid_parameter, unknown_field
from connectors.sandbox.graph_fields import Field, parse_fields
from connectors.sandbox.graph_tokens import Token

Json = Any
ABSENT = object()
"""A field that exists and has nothing to say: left out of the answer."""


@dataclass(frozen=True)
class View:
    """Who looks, and how links back to the platform must be written."""

    token: Token
    origin: str
    version: str
    now: Any
    flavour: str
    """facebook or instagram: which Graph host this token belongs to."""


@dataclass(frozen=True)
class Node:
    """A thing together with how it is shown."""

    kind: NodeType
    item: Any


@dataclass(frozen=True)
class Edge:
    """A list that hangs on a node, in the order the platform gives it."""

    rows: Callable[[Any, Mapping[str, str], View], Sequence[Node]]
    default_limit: int = 25
    most: int = 100
    refuses_more: bool = False
    summary: Callable[[Any, Mapping[str, str]], Json] | None = None
    shown: Callable[[Any], bool] = lambda item: True
    """False: filtered out after the page was cut, so that pages come shorter."""


@dataclass(frozen=True)
class NodeType:
    """What a kind of node has. `known` fields exist and say nothing here."""

    name: str
    identity: Callable[[Any], str]
    defaults: tuple[str, ...]
    values: Mapping[str, Callable[[Any, View], Json]]
    edges: Mapping[str, Edge] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    asked: Mapping[str, Callable[[Any, Field, View], Json]] = field(default_factory=dict)
    """Fields that need their modifiers, such as `mentioned_comment.comment_id(…)`."""


def show(node: Node, fields: Sequence[Field] | None, view: View) -> dict[str, Json]:
    """One node with the asked fields, or its defaults. Raises (#100) for a field it does not have."""
    kind = node.kind
    wanted = list(fields) if fields else [Field(name) for name in kind.defaults]
    shown: dict[str, Json] = {}
    for wish in wanted:
        if wish.name == "id":
            continue
        value = _value(node, wish, view)
        if value is not ABSENT:
            shown[wish.name] = value
    shown["id"] = kind.identity(node.item)
    return shown


def list_edge(
    node: Node, name: str, parameters: Mapping[str, str], fields: Sequence[Field] | None, view: View
) -> dict[str, Json]:
    """One page of an edge with its `paging`, which a list without anything does not have."""
    edge = node.kind.edges.get(name)
    if edge is None:
        raise unknown_field(name, node.kind.name)
    limit = _limit(edge, parameters)
    rows = edge.rows(node.item, parameters, view)
    start, end = _window(rows, parameters, limit)
    page = rows[start:end]
    answer: dict[str, Json] = {"data": [show(row, fields, view) for row in page if edge.shown(row.item)]}
    if page:
        cursors = {"after": _cursor(page[-1])}
        if start > 0 or name not in ("comments", "replies"):
            cursors["before"] = _cursor(page[0])
        answer["paging"] = {"cursors": cursors}
        identity = node.kind.identity(node.item)
        if end < len(rows):
            answer["paging"]["next"] = _link(identity, name, parameters, view, limit, after=cursors["after"])
        if start > 0:
            before = cursors["before"]
            answer["paging"]["previous"] = _link(identity, name, parameters, view, limit, before=before)
    if edge.summary is not None and str(parameters.get("summary", "")).lower() in ("true", "1"):
        answer["summary"] = edge.summary(node.item, parameters)
    return answer


def select(value: Json, inner: Sequence[Field]) -> Json:
    """The asked parts of a plain object or of a `data` list of such."""
    if not inner or not isinstance(value, dict):
        return value
    if isinstance(value.get("data"), list):
        return {**value, "data": [select(row, inner) for row in value["data"]]}
    names = {wish.name for wish in inner} | {"id"}
    return {name: part for name, part in value.items() if name in names}


def _value(node: Node, wish: Field, view: View) -> Json:
    kind = node.kind
    if wish.name in kind.asked:
        return kind.asked[wish.name](node.item, wish, view)
    if wish.name in kind.edges:
        page = list_edge(node, wish.name, wish.modifiers, wish.inner or None, view)
        return page if page["data"] or "paging" in page or "summary" in page else ABSENT
    if wish.name in kind.values:
        value = kind.values[wish.name](node.item, view)
        if isinstance(value, Node):
            return show(value, wish.inner or None, view)
        return value if value is ABSENT else select(value, wish.inner)
    if wish.name in kind.known:
        return ABSENT
    raise unknown_field(wish.name, kind.name)


def _limit(edge: Edge, parameters: Mapping[str, str]) -> int:
    text = parameters.get("limit", "")
    if not str(text).isdigit():
        return edge.default_limit
    limit = int(text)
    if limit > edge.most and edge.refuses_more:
        raise invalid_parameter(f"param limit must be less than or equal to {edge.most}")
    return min(limit, edge.most)


def _window(rows: Sequence[Node], parameters: Mapping[str, str], limit: int) -> tuple[int, int]:
    after, before = parameters.get("after"), parameters.get("before")
    if after:
        start = _position(rows, after) + 1
        return start, min(len(rows), start + limit)
    if before:
        end = _position(rows, before)
        return max(0, end - limit), end
    return 0, min(len(rows), limit)


def _position(rows: Sequence[Node], cursor: str) -> int:
    try:
        wanted = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()[2:]
    except ValueError:
        wanted = ""
    for position, row in enumerate(rows):
        if row.kind.identity(row.item) == wanted:
            return position
    raise graph_error(100, "(#100) Invalid parameter: the cursor is no longer valid")


def _cursor(row: Node) -> str:
    return base64.urlsafe_b64encode(f"c:{row.kind.identity(row.item)}".encode()).decode().rstrip("=")


def _link(identity: str, name: str, parameters: Mapping[str, str], view: View, limit: int, **cursor: str) -> str:
    kept = {key: value for key, value in parameters.items() if key not in ("after", "before", "appsecret_proof")}
    query = {"access_token": view.token.text, "pretty": "0", **kept, "limit": str(limit), **cursor}
    return f"{view.origin}/{view.version}/{identity}/{name}?{urlencode(query)}"


def asked_fields(parameters: Mapping[str, str]) -> list[Field] | None:
    """The parsed `fields` parameter, None where it was not sent."""
    text = parameters.get("fields")
    return parse_fields(text) if text else None
