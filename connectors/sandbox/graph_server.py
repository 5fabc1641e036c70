"""The Graph API over HTTP: versions, tokens, nodes and edges, several ids at once, batches, usage headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from connectors.sandbox import graph_errors
from connectors.sandbox.facebook_nodes import FacebookNodes
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.faults import Fault
from connectors.sandbox.graph_errors import graph_error, invalid_parameter, missing_object, no_capability
from connectors.sandbox.graph_nodes import ABSENT, Edge, Node, NodeType, View, asked_fields, list_edge, show
from connectors.sandbox.graph_tokens import APP_ID, Token, Tokens, given_token, needed_permission
from connectors.sandbox.graph_usage import GraphUsage
from connectors.sandbox.graph_writes import GraphWrites
from connectors.sandbox.instagram_nodes import InstagramNodes
from connectors.sandbox.instagram_world import InstagramWorld
from connectors.sandbox.published_fields import PAGE
from connectors.sandbox.scene import Scene
from connectors.sandbox.wire import Answer, Call, Refusal

Json = Any
VERSION = "v26.0"
_VERSION = re.compile(r"^v\d+\.\d+$")
_TOKEN_PATHS = ("debug_token", "oauth/access_token", "access_token", "refresh_access_token")
_SIXTY_DAYS = timedelta(days=60)


class GraphServer:
    """One page with its Instagram account, and a second Instagram account with its own login."""

    def __init__(self, scene: Scene, facebook: FacebookWorld, instagrams: list[InstagramWorld], tokens: Tokens) -> None:
        self.scene = scene
        self.tokens = tokens
        self.facebook = FacebookNodes(facebook)
        self.instagrams = {world.account_id: InstagramNodes(world) for world in instagrams}
        self.through_page = next(n for n in self.instagrams.values() if n.world.flavour == "facebook")
        self.page = self._page_type()
        self.usage = GraphUsage(facebook.page_id)
        self.writes = GraphWrites(self)
        self.subscribed_fields: dict[str, list[str]] = {}
        self.pick_faults: Callable[[str, str, str], list[Fault]] = lambda platform, label, path: []
        self.count: Callable[[str, str], None] = lambda platform, label: None

    # -- what is asked ---------------------------------------------------------------------------------------------

    def describe(self, call: Call) -> tuple[str, str]:
        """Which platform a call belongs to, and its label such as `GET comments`."""
        _, segments = split_version(call.path)
        if not segments:
            name = "batch" if call.method == "POST" and call.value("batch") else "ids"
        elif "/".join(segments) in _TOKEN_PATHS:
            name = "/".join(segments)
        else:
            name = segments[1] if len(segments) > 1 else "me" if segments == ["me"] else "node"
        return self._platform(call, segments), f"{call.method} {name}"

    def answer(self, call: Call) -> Answer:
        """The answer to a call, with the usage headers every answer carries."""
        platform, label = self.describe(call)
        version, segments = split_version(call.path)
        try:
            answer = self._route(call, version, segments)
        except Refusal as refusal:
            answer = refusal.answer
            if call.method != "GET":
                self.scene.refused.append(
                    {"platform": platform, "action": label, "at": self.scene.now(), "error": answer.body,
                     "text": _message_text(call)}
                )  # fmt: skip
        answer.headers.update(self.usage.headers(platform, label, given_token(call) or "", self.tokens))
        answer.headers["facebook-api-version"] = version
        return answer

    def viewer(self, call: Call, version: str) -> View:
        """Who calls. Raises when the token is missing, dead or unproved."""
        token = self.tokens.check(call, self.scene.now())
        flavour = "instagram" if token.kind == "instagram" else "facebook"
        return View(token, call.origin, version, self.scene.now(), flavour)

    def find(self, key: str, view: View) -> Node:
        """The node with this id as this token may see it. Raises 100/33 otherwise."""
        if view.flavour == "instagram":
            if key == self.facebook.world.page_id:
                raise no_capability()
            nodes = self.instagrams[view.token.subject]
            node = Node(nodes.me, nodes.world) if key == "me" else nodes.find(key)
        elif key == "me":
            node = self._me(view)
        elif key == self.facebook.world.page_id:
            node = Node(self.page, self.facebook.world)
        else:
            node = self.facebook.find(key) or self.through_page.find(key)
        if node is None:
            raise missing_object(key)
        return node

    # -- routing ---------------------------------------------------------------------------------------------------

    def _route(self, call: Call, version: str, segments: list[str]) -> Answer:
        if call.broken_body:
            raise graph_error(100, "(#100) The request body is not valid JSON", subcode=1357046)
        path = "/".join(segments)
        if path in _TOKEN_PATHS:
            return Answer(200, self._token_request(path, call))
        view = self.viewer(call, version)
        self._check_permission(call, segments, view)
        if not segments:
            if call.method == "POST" and call.value("batch"):
                return self._batch(call)
            return Answer(200, self._several(call, None, view))
        if len(segments) > 2:
            raise graph_error(2500, f"Unknown path components: /{'/'.join(segments[1:])}", kind=_error_kind(view))
        if call.method == "GET":
            return Answer(200, self._read(call, segments, view))
        return Answer(200, self.writes.write(call, segments, view))

    def _check_permission(self, call: Call, segments: list[str], view: View) -> None:
        """Raise (#200) where the token lacks what this edge needs."""
        edge = segments[1] if len(segments) > 1 else ""
        about_instagram = self._platform(call, segments) == "instagram"
        needed = needed_permission(call.method, edge, view.flavour, about_instagram)
        if needed is not None and view.token.kind != "user" and needed not in view.token.scopes:
            raise graph_error(200, f"(#200) Requires {needed} permission to manage the object", status=403)

    def _read(self, call: Call, segments: list[str], view: View) -> Json:
        if len(segments) == 1:
            if call.query.get("ids"):
                return self._several(call, segments[0], view)
            return show(self.find(segments[0], view), asked_fields(call.query), view)
        key, edge = segments
        if edge == "subscribed_apps":
            fields = self.subscribed_fields.get(self.find(key, view).item.platform, [])
            return {"data": [{"id": APP_ID, "name": "Sandbox", "subscribed_fields": fields}] if fields else []}
        node = self.find(key, view)
        if edge == "conversations" and view.flavour == "facebook" and node.kind is not self.page:
            raise no_capability()
        if edge == "accounts" and view.token.kind == "user":
            return self._accounts()
        return list_edge(node, edge, call.query, asked_fields(call.query), view)

    def _several(self, call: Call, edge: str | None, view: View) -> Json:
        keys = [key for key in str(call.value("ids") or "").split(",") if key]
        if not keys:
            raise graph_error(2500, "Unknown path components: /")
        if len(keys) > 50:
            raise invalid_parameter("Too many IDs. Maximum: 50. Provided: " + str(len(keys)))
        answer: dict[str, Json] = {}
        for key in keys:
            node = self.find(key, view)
            fields = asked_fields(call.query)
            answer[key] = list_edge(node, edge, call.query, fields, view) if edge else show(node, fields, view)
        return answer

    def _batch(self, call: Call) -> Answer:
        """Up to 50 requests in one; each counts as a call of its own and fails on its own."""
        raw = call.value("batch")
        try:
            items = orjson.loads(raw) if isinstance(raw, str) else raw
        except orjson.JSONDecodeError:
            raise graph_error(100, "(#100) batch parameter must be a JSON array") from None
        if not isinstance(items, list) or not items:
            raise graph_error(100, "(#100) batch parameter must be a JSON array")
        if len(items) > 50:
            raise graph_error(100, "(#100) Too many requests in batch message. Maximum batch size is 50")
        with_headers = str(call.value("include_headers")).lower() != "false"
        rows: list[Json] = []
        for item in items:
            inner = _inner_call(item, call)
            platform, label = self.describe(inner)
            self.count(platform, label)
            answer = self._inner_answer(inner, platform, label)
            row: dict[str, Json] = {"code": answer.status}
            if with_headers:
                row["headers"] = [{"name": name, "value": value} for name, value in answer.headers.items()]
            row["body"] = answer.content().decode().replace("/", "\\/")
            rows.append(row)
        return Answer(200, rows)

    def _inner_answer(self, inner: Call, platform: str, label: str) -> Answer:
        for fault in self.pick_faults(platform, label, inner.path):
            return graph_fault(fault, platform, self.usage)
        return self.answer(inner)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _token_request(self, path: str, call: Call) -> Json:
        now = self.scene.now()
        if path == "debug_token":
            self.tokens.check(call, now)
            return self.tokens.describe(str(call.value("input_token") or ""), now)
        grant = call.value("grant_type")
        if path == "refresh_access_token" and grant == "ig_refresh_token":
            token = self.tokens.check(call, now)
            if token.kind != "instagram":
                raise no_capability()
            if now - token.issued_at < timedelta(hours=24):
                raise invalid_parameter("The access token must be at least 24 hours old to be refreshed")
            return self._fresh(token, now)
        old = self.tokens.find(str(call.value("fb_exchange_token") or call.value("access_token") or ""))
        if grant in ("fb_exchange_token", "ig_exchange_token") and old is not None:
            if call.value("client_secret") != self.tokens.app_secret:
                raise graph_error(1, "Error validating client secret.")
            if old.expires_at is not None and now >= old.expires_at:
                raise graph_errors.expired_token()
            return self._fresh(old, now)
        raise invalid_parameter("Invalid grant_type or token")

    def _fresh(self, old: Token, now: Any) -> Json:
        token = self.tokens.issue(old.kind, old.subject, life=_SIXTY_DAYS, at=now)
        answer = {"access_token": token.text, "token_type": "bearer", "expires_in": int(_SIXTY_DAYS.total_seconds())}
        if old.kind == "instagram":
            answer["permissions"] = ",".join(token.scopes)
        return answer

    # -- nodes -----------------------------------------------------------------------------------------------------

    def _me(self, view: View) -> Node:
        if view.token.kind == "user":
            return Node(_USER, view.token.subject)
        return Node(self.page, self.facebook.world)

    def _accounts(self) -> Json:
        world = self.facebook.world
        token = self.tokens.issue("page", world.page_id)
        row = {
            "access_token": token.text, "category": "Outdoor- und Haushaltsgeschäft",
            "category_list": [{"id": "2535", "name": "Outdoor-Geschäft"}], "name": world.page_name,
            "id": world.page_id, "tasks": ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"],
        }  # fmt: skip
        return {"data": [row], "paging": {"cursors": {"before": "MQZDZD", "after": "MQZDZD"}}}

    def _page_type(self) -> NodeType:
        nodes = self.facebook
        instagram = self.through_page
        messenger, direct = nodes.conversations(), instagram.conversations()

        def conversations(item: Any, parameters: Mapping[str, str], view: View) -> Any:
            edge = direct if parameters.get("platform", "").lower() == "instagram" else messenger
            return edge.rows(item, parameters, view)

        def access_token(world: FacebookWorld, view: View) -> Json:
            return view.token.text if view.token.kind == "page" else ABSENT

        edges = {
            "published_posts": nodes.posts("published"),
            "posts": nodes.posts("published", "reel"),
            "feed": nodes.posts("published", "visitor", "tagged"),
            "visitor_posts": nodes.posts("visitor"),
            "tagged": nodes.posts("tagged"),
            "ads_posts": nodes.posts("ad"),
            "video_reels": nodes.posts("reel"),
            "conversations": Edge(conversations),
            "blocked": Edge(lambda item, parameters, view: []),
        }
        return NodeType(
            "Page",
            lambda world: world.page_id,
            ("name",),
            {
                "name": lambda w, v: w.page_name,
                "username": lambda w, v: "glueckspilz.wien",
                "category": lambda w, v: "Outdoor- und Haushaltsgeschäft",
                "fan_count": lambda w, v: 3904,
                "followers_count": lambda w, v: 4012,
                "link": lambda w, v: f"https://www.facebook.com/{w.page_id}",
                "instagram_business_account": lambda w, v: Node(instagram.account, instagram.world),
                "connected_instagram_account": lambda w, v: Node(instagram.account, instagram.world),
                "access_token": access_token,
                "is_published": lambda w, v: True,
            },
            edges,
            PAGE,
        )

    def _platform(self, call: Call, segments: list[str]) -> str:
        token = self.tokens.find(given_token(call) or "")
        if token is not None and token.kind == "instagram":
            return "instagram"
        if str(call.value("platform") or "").lower() == "instagram":
            return "instagram"
        key = segments[0] if segments else str(call.value("ids") or "").partition(",")[0]
        if self._is_instagrams(key):
            return "instagram"
        if segments[1:] == ["messages"]:
            recipient = call.form.get("recipient")
            if isinstance(recipient, str):
                recipient = _loads(recipient)
            if isinstance(recipient, dict):
                number = str(recipient.get("id") or recipient.get("comment_id") or "")
                person = self.scene.people.by_id(number)
                if self._is_instagrams(number) or (person is not None and person.instagram_id == number):
                    return "instagram"
        return "facebook"

    def _is_instagrams(self, key: str) -> bool:
        for nodes in self.instagrams.values():
            world = nodes.world
            known = key in world.comments or key in world.media_items or key in world.threads.by_id
            if known or key in world.threads.messages or key in (world.account_id, world.scoped_id):
                return True
        return False


_USER = NodeType("User", lambda subject: str(subject), ("name",), {"name": lambda s, v: "Verwalterin"}, {})


def split_version(path: str) -> tuple[str, list[str]]:
    """The version (the default one where it was left out) and the other parts of a path."""
    segments = [segment for segment in path.split("/") if segment]
    if segments and _VERSION.match(segments[0]):
        return segments[0], segments[1:]
    return VERSION, segments


def graph_fault(fault: Fault, platform: str, usage: GraphUsage) -> Answer:
    """The Graph answer for a fault that replaces the answer."""
    if fault.kind == "rate_limited":
        code = graph_errors.THROTTLES.get(platform, 80001)
        text = f"(#{code}) There have been too many calls to this account. Wait a bit and try again."
        return Answer(400, graph_errors.error_body(code, text), usage.told(platform, fault.reset))
    if fault.kind == "expired_token":
        return graph_errors.expired_token().answer
    if fault.kind == "blocked_368":
        text = "(#368) The action attempted has been deemed abusive or is otherwise disallowed"
        return Answer(400, graph_errors.error_body(368, text))
    if fault.kind == "credits_depleted":
        return Answer(400, graph_errors.error_body(4, "(#4) Application request limit reached"))
    body = graph_errors.error_body(2, "An unexpected error has occurred. Please retry your request later.")
    return Answer(fault.status or 500, body)


def _inner_call(item: Json, outer: Call) -> Call:
    if not isinstance(item, dict) or not item.get("relative_url"):
        return Call("GET", "/", headers={})
    split = urlsplit("/" + str(item["relative_url"]).lstrip("/"))
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    for name in ("access_token", "appsecret_proof", "appsecret_time"):
        given = outer.value(name)
        if name not in query and given is not None:
            query[name] = str(given)
    form: dict[str, Json] = dict(parse_qsl(str(item.get("body") or ""), keep_blank_values=True))
    method = str(item.get("method", "GET")).upper()
    return Call(method, split.path, query, form, outer.headers, outer.origin)


def _message_text(call: Call) -> str | None:
    message = call.form.get("message")
    if isinstance(message, str):
        loaded = _loads(message)
        message = loaded if isinstance(loaded, dict) else message
    if isinstance(message, dict):
        return message.get("text")
    return message if isinstance(message, str) else None


def _loads(text: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _error_kind(view: View) -> str:
    return "IGApiException" if view.flavour == "instagram" else "OAuthException"
