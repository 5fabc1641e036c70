"""X API v2 over HTTP: the endpoints of an inbox, with OpenAPI 2.166's names."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from connectors.sandbox import twitter_errors
from connectors.sandbox.faults import Fault
from connectors.sandbox.identifiers import snowflake_floor
from connectors.sandbox.people import Person
from connectors.sandbox.published_fields import DM_EXPANSIONS, TWEET_EXPANSIONS, USER_EXPANSIONS
from connectors.sandbox.scene import Scene
from connectors.sandbox.twitter_auth import Caller, TwitterAuth
from connectors.sandbox.twitter_errors import invalid_request, not_authorized, not_found, problem
from connectors.sandbox.twitter_limits import TwitterLimits
from connectors.sandbox.twitter_paging import id_range, listed, moment_of, open_token, page_size, token_for
from connectors.sandbox.twitter_query import compile_query
from connectors.sandbox.twitter_render import Rendering, body_of  # fmt: skip
from connectors.sandbox.twitter_world import Tweet, TwitterWorld
from connectors.sandbox.twitter_writes import TwitterWrites
from connectors.sandbox.wire import Answer, Call, Refusal

Json = Any
NEWEST_MENTIONS = 800
"""The mentions timeline reaches no further back."""
SEARCH_REACH = timedelta(days=7)
DM_REACH = timedelta(days=30)
_FIELDS = ("tweet.fields", "user.fields", "media.fields", "place.fields", "poll.fields", "expansions")
_TIMELINE = (*_FIELDS, "since_id", "until_id", "start_time", "end_time", "max_results", "pagination_token")
_PATHS = (
    ("users/me", r"users/me"),
    ("users/by", r"users/by"),
    ("users/by/username/:username", r"users/by/username/(\w+)"),
    ("users/:id/mentions", r"users/(\d+)/mentions"),
    ("users/:id/tweets", r"users/(\d+)/tweets"),
    ("users/:id/likes", r"users/(\d+)/likes"),
    ("users/:id", r"users/(\d+)"),
    ("users", r"users"),
    ("tweets/search/recent", r"tweets/search/recent"),
    ("tweets/:id/hidden", r"tweets/(\d+)/hidden"),
    ("tweets/:id", r"tweets/(\d+)"),
    ("tweets", r"tweets"),
    ("dm_events", r"dm_events"),
    ("dm_events/:id", r"dm_events/(\d+)"),
    ("dm_conversations/with/:id/dm_events", r"dm_conversations/with/(\d+)/dm_events"),
    ("dm_conversations/:id/dm_events", r"dm_conversations/([\d-]+)/dm_events"),
    ("dm_conversations/with/:id/messages", r"dm_conversations/with/(\d+)/messages"),
    ("dm_conversations/:id/messages", r"dm_conversations/([\d-]+)/messages"),
    ("media/upload", r"media/upload"),
    ("media/metadata", r"media/metadata"),
    ("oauth2/token", r"oauth2/token"),
)
_COMPILED = tuple((name, re.compile(f"^/2/{pattern}$")) for name, pattern in _PATHS)
_PARAMETERS = {
    "GET users/:id/mentions": _TIMELINE,
    "GET users/:id/tweets": (*_TIMELINE, "exclude"),
    "GET tweets/search/recent": (*_TIMELINE, "query", "next_token", "sort_order"),
    "GET tweets": (*_FIELDS, "ids"),
    "GET tweets/:id": _FIELDS,
    "GET users/me": ("user.fields", "tweet.fields", "expansions"),
    "GET users": ("ids", "user.fields", "tweet.fields", "expansions"),
    "GET users/by": ("usernames", "user.fields", "tweet.fields", "expansions"),
    "GET dm_events": (*_FIELDS, "dm_event.fields", "event_types", "max_results", "pagination_token"),
}


class TwitterServer:
    """One app, one signed-in account."""

    def __init__(self, scene: Scene, world: TwitterWorld, limits: bool) -> None:
        self.scene = scene
        self.world = world
        self.auth = TwitterAuth(world.account_id, scene.now())
        self.limits = TwitterLimits(limits)
        self.writes = TwitterWrites(world, self.auth)
        self._routes: dict[str, Callable[[Call, str, Caller], Answer]] = {
            "GET users/me": self._me,
            "GET users/:id": self._one_user,
            "GET users": self._users,
            "GET users/by": self._users_by,
            "GET users/by/username/:username": self._one_user,
            "GET users/:id/mentions": self._mentions,
            "GET users/:id/tweets": self._own_tweets,
            "GET tweets/search/recent": self._search,
            "GET tweets": self._tweets,
            "GET tweets/:id": self._one_tweet,
            "GET dm_events": self._direct_messages,
            "GET dm_events/:id": self._one_direct_message,
            "GET dm_conversations/with/:id/dm_events": self._direct_messages_with,
            "GET dm_conversations/:id/dm_events": self._direct_messages_of,
            **self.writes.routes(),
        }

    def describe(self, call: Call) -> tuple[str, str]:
        """`twitter` and a label such as `GET users/:id/mentions`."""
        return "twitter", f"{call.method} {_match(call.path)[0]}"

    def answer(self, call: Call) -> Answer:
        """The answer to a call, with rate headers; a used-up window answers 429."""
        label = self.describe(call)[1]
        now = self.scene.now()
        if label == "POST oauth2/token":
            return self.auth.exchange(call, now)
        headers = {"api-version": "2.166", "x-access-level": "read-write-directmessages"}
        try:
            caller = self.auth.caller(call, now)
            rates, full = self.limits.take(label, now)
            headers |= rates
            answer = full or self._route(label, call, caller)
        except Refusal as refusal:
            answer = refusal.answer
        if answer.status >= 400 and call.method != "GET":
            text = call.form.get("text")
            self.scene.refused.append(
                {"platform": "twitter", "action": label, "at": now, "error": answer.body, "text": text}
            )
        answer.headers = headers | answer.headers
        return answer

    def _route(self, label: str, call: Call, caller: Caller) -> Answer:
        route = self._routes.get(label)
        if route is None:
            raise problem(404, "Not Found", "Not Found")
        if call.broken_body:
            raise invalid_request("body", "", "The request body is not a valid JSON object")
        key = "GET dm_events" if label.startswith("GET dm_conv") else label
        known = _PARAMETERS.get(key)
        for name in call.query:
            if known is not None and name not in known:
                raise invalid_request(
                    name, call.query[name], f"The query parameter [{name}] is not one of [{','.join(sorted(known))}]"
                )
        return route(call, _match(call.path)[1], caller)

    # -- people ----------------------------------------------------------------------------------------------------

    def _me(self, call: Call, key: str, caller: Caller) -> Answer:
        self.auth.user(caller)
        return Answer(200, {"data": Rendering(self.world, call.query, USER_EXPANSIONS).user(None)})

    def _one_user(self, call: Call, key: str, caller: Caller) -> Answer:
        rendering = Rendering(self.world, call.query, USER_EXPANSIONS)
        found, user = self._user(key)
        if not found:
            return Answer(200, {"errors": [not_found("id", key, "user")]})
        return Answer(200, {"data": rendering.user(user)})

    def _users(self, call: Call, key: str, caller: Caller) -> Answer:
        return self._several_users(call, "ids")

    def _users_by(self, call: Call, key: str, caller: Caller) -> Answer:
        return self._several_users(call, "usernames")

    def _several_users(self, call: Call, parameter: str) -> Answer:
        rendering = Rendering(self.world, call.query, USER_EXPANSIONS)
        data, errors = [], []
        for key in listed(call, parameter):
            found, user = self._user(key)
            if found:
                data.append(rendering.user(user))
            else:
                errors.append(not_found(parameter, key, "user"))
        return Answer(200, ({"data": data} if data else {}) | ({"errors": errors} if errors else {}))

    def _user(self, key: str) -> tuple[bool, Person | None]:
        if key in (self.world.account_id, self.world.handle):
            return True, None
        person = self.scene.people.by_id(key) or self.scene.people.by_handle(key)
        known = person is not None and not person.suspended and key in (person.twitter_id, person.handle)
        return known, person if known else None

    # -- posts -----------------------------------------------------------------------------------------------------

    def _mentions(self, call: Call, key: str, caller: Caller) -> Answer:
        if key != self.world.account_id:
            return Answer(200, {"meta": {"result_count": 0}})
        numbers = self.world.mention_order[-NEWEST_MENTIONS:]
        return self._timeline(call, numbers, least=5, default=10)

    def _own_tweets(self, call: Call, key: str, caller: Caller) -> Answer:
        numbers = self.world.by_author.get(key, [])
        if "replies" in call.query.get("exclude", ""):
            numbers = [number for number in numbers if self.world.tweets[str(number)].parent is None]
        return self._timeline(call, numbers[-3200:], least=5, default=10)

    def _search(self, call: Call, key: str, caller: Caller) -> Answer:
        test = compile_query(call.query.get("query", ""), self.world)
        oldest = self.scene.now() - SEARCH_REACH
        floor = snowflake_floor(oldest)
        since = call.query.get("since_id")
        if since is not None and since.isdigit() and int(since) < floor:
            moment = oldest.strftime("%Y-%m-%dT%H:%MZ")
            raise invalid_request(
                "since_id", since, f"'since_id' must be a tweet id created after {moment}. "
                f"Please use a 'since_id' that is larger than {floor}",
            )  # fmt: skip
        start = moment_of(call, "start_time")
        if start is not None and start < oldest:
            raise invalid_request(
                "start_time", call.query["start_time"], f"Invalid 'start_time':'{call.query['start_time']}'. "
                f"'start_time' must be on or after {oldest.strftime('%Y-%m-%dT%H:%MZ')}.",
            )  # fmt: skip
        numbers = self._narrowed(call.query["query"])
        numbers = numbers[bisect.bisect_left(numbers, floor) :]
        fitting = [number for number in numbers if test(self.world.tweets[str(number)])]
        return self._timeline(call, fitting, least=10, default=10, token_name="next_token")  # noqa: S106

    def _narrowed(self, query: str) -> Sequence[int]:
        """The posts a query can hold: one author's, or some conversations', else all."""
        only_conversations = re.fullmatch(r"\(?conversation_id:\d+(?: OR conversation_id:\d+)*\)?", query)
        if only_conversations:
            numbers: set[int] = set()
            for key in re.findall(r"conversation_id:(\d+)", query):
                numbers.update(self.world.by_conversation.get(key, ()))
            return sorted(numbers)
        if "OR" not in query and re.search(rf"(?<![-\w])from:@?{self.world.handle}\b", query, re.IGNORECASE):
            return self.world.by_author.get(self.world.account_id, [])
        return self.world.order

    def _timeline(
        self,
        call: Call,
        numbers: Sequence[int],
        *,
        least: int,
        default: int,
        token_name: str = "pagination_token",  # noqa: S107
    ) -> Answer:
        rendering = Rendering(self.world, call.query, TWEET_EXPANSIONS)
        low, high = id_range(call)
        size = page_size(call, least, default)
        start = bisect.bisect_right(numbers, low)
        end = bisect.bisect_left(numbers, high)
        token = call.query.get(token_name) or call.query.get("pagination_token")
        if token:
            end = min(end, bisect.bisect_left(numbers, open_token(token, token_name)))
        page = list(reversed(numbers[max(start, end - size) : end]))
        shown = [tweet for tweet in (self.world.tweets[str(number)] for number in page) if _visible(tweet)]
        meta: dict[str, Json] = {}
        if shown:
            meta["newest_id"], meta["oldest_id"] = shown[0].id, shown[-1].id
        if len(page) == size and (end - size > start or token_name == "pagination_token"):  # noqa: S105
            meta["next_token"] = token_for(page[-1])
        if token:
            meta["previous_token"] = token_for(page[0] if page else end)
        return Answer(200, body_of([rendering.tweet(tweet) for tweet in shown], rendering, meta))

    def _tweets(self, call: Call, key: str, caller: Caller) -> Answer:
        rendering = Rendering(self.world, call.query, TWEET_EXPANSIONS)
        data: list[Json] = []
        errors: list[Json] = []
        for wanted in listed(call, "ids"):
            tweet = self.world.tweets.get(wanted)
            if tweet is None:
                errors.append(not_found("ids", wanted, "tweet"))
            elif tweet.author is not None and tweet.author.protected:
                errors.append(not_authorized("ids", wanted, "tweet"))
            else:
                data.append(rendering.tweet(tweet))
        body: dict[str, Json] = {"data": data} if data else {}
        if rendering.includes():
            body["includes"] = rendering.includes()
        if errors or rendering.errors:
            body["errors"] = errors + rendering.errors
        return Answer(200, body)

    def _one_tweet(self, call: Call, key: str, caller: Caller) -> Answer:
        rendering = Rendering(self.world, call.query, TWEET_EXPANSIONS)
        tweet = self.world.tweets.get(key)
        if tweet is None or not _visible(tweet, versions=True):
            return Answer(200, {"errors": [not_found("id", key, "tweet")]})
        body: dict[str, Json] = {"data": rendering.tweet(tweet)}
        if rendering.includes():
            body["includes"] = rendering.includes()
        return Answer(200, body | ({"errors": rendering.errors} if rendering.errors else {}))

    # -- direct messages -------------------------------------------------------------------------------------------

    def _direct_messages(self, call: Call, key: str, caller: Caller) -> Answer:
        return self._events(call, self.world.direct_order, caller)

    def _direct_messages_with(self, call: Call, key: str, caller: Caller) -> Answer:
        pair = "-".join(sorted((self.world.account_id, key), key=int))
        return self._events(call, self.world.direct_by_conversation.get(pair, []), caller)

    def _direct_messages_of(self, call: Call, key: str, caller: Caller) -> Answer:
        return self._events(call, self.world.direct_by_conversation.get(key, []), caller)

    def _one_direct_message(self, call: Call, key: str, caller: Caller) -> Answer:
        self.auth.user(caller)
        event = self.world.direct_messages.get(key)
        if event is None:
            return Answer(200, {"errors": [not_found("event_id", key, "dm_event")]})
        return Answer(200, {"data": Rendering(self.world, call.query, DM_EXPANSIONS).direct_message(event)})

    def _events(self, call: Call, numbers: Sequence[int], caller: Caller) -> Answer:
        self.auth.user(caller)
        rendering = Rendering(self.world, call.query, DM_EXPANSIONS)
        kinds = call.query.get("event_types", "MessageCreate,ParticipantsJoin,ParticipantsLeave").split(",")
        size = page_size(call, 1, 100)
        start = bisect.bisect_left(numbers, snowflake_floor(self.scene.now() - DM_REACH))
        end = len(numbers)
        token = call.query.get("pagination_token")
        if token:
            end = bisect.bisect_left(numbers, open_token(token, "pagination_token"))
        page = list(reversed(numbers[max(start, end - size) : end]))
        events = [self.world.direct_messages[str(number)] for number in page]
        rows = [rendering.direct_message(event) for event in events if event.event_type in kinds]
        meta: dict[str, Json] = {}
        if len(page) == size and end - size > start:
            meta["next_token"] = token_for(page[-1])
        if token:
            meta["previous_token"] = token_for(page[0] if page else 0)
        return Answer(200, body_of(rows, rendering, meta))


def twitter_fault(fault: Fault, now: Any) -> Answer:
    """X's answer for a fault that replaces the answer."""
    if fault.kind == "rate_limited":
        answer = twitter_errors.rate_limit_exceeded()
        if fault.reset is not None:
            reset = int((now + timedelta(seconds=fault.reset)).timestamp())
            answer.headers |= {
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": str(reset),
                "x-rate-limit-limit": "300",
            }
        return answer
    if fault.kind == "expired_token":
        return Answer(401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]})
    if fault.kind == "credits_depleted":
        return twitter_errors.credits_depleted()
    if fault.kind == "blocked_368":
        return twitter_errors.forbidden("You are not permitted to perform this action.").answer
    body = {
        "title": "Service Unavailable",
        "detail": "Service Unavailable",
        "type": "about:blank",
        "status": fault.status,
    }
    return Answer(fault.status or 503, body)


def _match(path: str) -> tuple[str, str]:
    for name, pattern in _COMPILED:
        found = pattern.match(path)
        if found:
            return name, found.group(1) if found.groups() else ""
    return path.removeprefix("/2/"), ""


def _visible(tweet: Tweet, versions: bool = False) -> bool:
    protected = tweet.author is not None and tweet.author.protected
    return not protected and (versions or not tweet.replaced)
