"""Meta's generated Graph descriptions as a judge of requests: node, edge, fields and parameters of each must exist.

The recorded descriptions are slices. What they do not hold and another of Meta's documents does stands here as data,
with the document's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.graph_fields import Field, parse_fields

FILES = (
    "facebook/meta-codegen-specs/Comment.json",
    "facebook/meta-codegen-specs/Page.inbox-slice.json",
    "facebook/meta-codegen-specs/PagePost.json",
    "facebook/meta-codegen-specs/UnifiedThread.json",
    "instagram/meta-codegen-specs/IGComment.json",
    "instagram/meta-codegen-specs/IGCommentFromUser.json",
    "instagram/meta-codegen-specs/IGMedia.json",
    "instagram/meta-codegen-specs/IGMediaForIGOnlyAPI.json",
    "instagram/meta-codegen-specs/IGRefreshAccessTokenForIGOnlyAPI.json",
    "instagram/meta-codegen-specs/IGUser.inbox-slice.json",
    "instagram/meta-codegen-specs/IGUserForIGOnlyAPI.json",
)
EVERYWHERE = frozenset({"access_token", "appsecret_proof", "fields"})
"""Login security and field expansion, developers.facebook.com."""
PAGING = frozenset({"limit", "after", "before", "summary"})
"""Paged results, developers.facebook.com; `summary` of comments, page object/comments."""
ALIASES = {
    "Comment of IGOnly": "IGComment",  # comments under Instagram Login: IG Comment reference
    "Media": "IGMediaForIGOnlyAPI",
    "User": "IGUserForIGOnlyAPI",
    "Reel": "PagePost",  # page/video_reels lists videos; their comments: object/comments
}
MESSAGE_FIELDS = ("id", "created_time", "from", "to", "message", "attachments", "sticker", "tags", "reply_to", "shares",
                  "story", "reactions", "is_unsupported")  # fmt: skip
MORE_FIELDS: Mapping[str, Mapping[str, str]] = {
    # Page/conversations and Conversations API, messages of both platforms, updated 2026-02-11.
    "UnifiedMessage": dict.fromkeys(MESSAGE_FIELDS, "Object"),
    # A reel is a video, which has a description where a post has a message: page/video_reels.
    "PagePost": {"description": "string"},
    # Conversation of a private reply: Comment.private_reply_conversation in the Private Replies page.
    "Comment": {"private_reply_conversation": "UnifiedThread"},
}
MORE_EDGES: Mapping[tuple[str, str, str], str] = {
    ("Page", "GET", "video_reels"): "Reel",  # page/video_reels
    ("Page", "GET", "#get"): "Page",  # reference/page: reading
}
OTHER_SPELLINGS = frozenset({("platform", "instagram")})
"""Values written otherwise in the reference pages than in the generated enums: Conversations API, Instagram."""
NODES_OF_OTHER_PAGES = {
    "debug_token": frozenset({"input_token", "access_token"}),  # reference/debug_token
}


@dataclass
class Description:
    """One node: its fields with their types, and its edges with their parameters."""

    fields: dict[str, str] = field(default_factory=dict)
    edges: dict[tuple[str, str], tuple[str, dict[str, str], frozenset[str]]] = field(default_factory=dict)
    """(method, edge or "#get") to what it returns, its parameters with types, and those it needs."""


class MetaSpecification:
    """Judges requests. `faults` of a request is empty when it is valid."""

    def __init__(self, folder: Path, type_of: Callable[[str], str]) -> None:
        self._type_of = type_of
        self._nodes: dict[str, Description] = {}
        for name in FILES:
            self._add(Path(name).name.partition(".")[0], json.loads((folder / name).read_text("utf-8")))
        for name, more in MORE_FIELDS.items():
            self._nodes.setdefault(name, Description()).fields.update(more)
        for (name, method, edge), returned in MORE_EDGES.items():
            self._nodes[name].edges[method, edge] = (returned, {}, frozenset())
        enums = json.loads((folder / "facebook/meta-codegen-specs/enum_types.inbox-slice.json").read_text("utf-8"))
        self._enums: dict[str, list[str]] = {item["name"]: item["values"] for item in enums}

    def _add(self, name: str, given: Any) -> None:
        node = self._nodes.setdefault(name, Description())
        node.fields.update({item["name"]: item["type"] for item in given["fields"]})
        for api in given["apis"]:
            types = {param["name"]: param["type"] for param in api["params"]}
            needed = frozenset(param["name"] for param in api["params"] if param["required"])
            edge = api.get("endpoint") or {"#get": "#get", "#update": "#update", "#delete": "#delete"}[api["name"]]
            node.edges[api["method"], edge] = (api["return"], types, needed)

    def faults(self, method: str, url: str, body: str | None) -> list[str]:
        """Everything Meta's descriptions do not allow about this request."""
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(
            parse_qsl(body or "", keep_blank_values=True)
        )
        path = [part for part in parts.path.split("/") if part]
        if path and path[0].startswith("v") and path[0][1:2].isdigit():
            path = path[1:]
        elif path[:1] != ["refresh_access_token"]:
            return [f"{parts.path}: no version in the path"]
        if path and path[0] in NODES_OF_OTHER_PAGES:
            return [f"{path[0]} has no parameter {name}" for name in given.keys() - NODES_OF_OTHER_PAGES[path[0]]]
        name = self._named(self._type_of(path[0]))
        own = {"GET": "#get", "POST": "#update", "DELETE": "#delete"}[method]
        edge = path[1] if len(path) > 1 else own
        place = f"{method} {name}/{edge}"
        if name not in self._nodes or len(path) > 2:
            return [f"{place}: no such node"]
        known = self._nodes[name].edges.get((method, edge))
        if known is None:
            return [f"{place}: no such edge"]
        returned, types, needed = known
        asked = given.keys() - EVERYWHERE - (PAGING if edge != own else frozenset())
        found = [f"{place} has no parameter {one}" for one in sorted(asked - types.keys())]
        found += [f"{place} needs {one}" for one in sorted(needed - given.keys())]
        for one in asked & types.keys():
            found += self._value(place, one, types[one], given[one])
        return found + self._fields(name if edge == own else self._named(returned, name), given.get("fields"))

    def _value(self, place: str, name: str, kind: str, value: str) -> list[str]:
        if kind in self._enums and value not in self._enums[kind] and (name, value) not in OTHER_SPELLINGS:
            return [f"{place}: {name} cannot be {value}"]
        if kind == "bool" and value not in ("true", "false"):
            return [f"{place}: {name} is true or false"]
        if kind == "Object" and name in ("recipient", "message") and not isinstance(json.loads(value), dict):
            return [f"{place}: {name} is an object"]
        return []

    def _fields(self, name: str, text: str | None) -> list[str]:
        return [fault for item in parse_fields(text or "") for fault in self._field(name, item)]

    def _field(self, name: str, item: Field) -> list[str]:
        node = self._nodes.get(name)
        if node is None:
            return [f"{name}: its fields are described nowhere"]
        edge = node.edges.get(("GET", item.name))
        if edge is None and item.name not in node.fields:
            return [f"{name} has no field {item.name}"]
        if edge is not None:
            returned, types, _ = edge
            found = [f"{name}.{item.name} takes no {one}" for one in item.modifiers.keys() - types.keys() - PAGING]
            for one in item.modifiers.keys() & types.keys():
                found += self._value(f"{name}.{item.name}", one, types[one], item.modifiers[one])
        else:
            returned = node.fields[item.name]
            allowed = {"mentioned_comment": {"comment_id"}, "mentioned_media": {"media_id"}}.get(item.name, set())
            found = [f"{name}.{item.name} takes no {one}" for one in item.modifiers.keys() - allowed]
        inner = self._named(returned, name)
        return found + [fault for one in item.inner for fault in self._field(inner, one)]

    @staticmethod
    def _named(returned: str, under: str = "") -> str:
        if returned == "Comment" and under.endswith("ForIGOnlyAPI"):
            returned = "Comment of IGOnly"
        return ALIASES.get(returned, returned)
