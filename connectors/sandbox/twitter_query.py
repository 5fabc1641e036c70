"""The part of X's search language the sandbox understands; anything else is refused, as X refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.sandbox.twitter_errors import invalid_request
from connectors.sandbox.twitter_world import Tweet, TwitterWorld

Test = Callable[[Tweet], bool]
LONGEST = 512
_TOKEN = re.compile(r"\(|\)|-?\"[^\"]*\"|-?[^\s()]+")


def compile_query(query: str, world: TwitterWorld) -> Test:
    """A test for posts. Operators: from: to: conversation_id: retweets_of: is: @handle words "phrases" - OR ( )."""
    if not query.strip() or len(query) > LONGEST:
        raise invalid_request("query", query[:80], f"query length must be between 1 and {LONGEST} characters")
    reader = _Reader(_TOKEN.findall(query), query, world)
    test = reader.either()
    if reader.tokens:
        raise reader.wrong()
    return test


class _Reader:
    def __init__(self, tokens: list[str], query: str, world: TwitterWorld) -> None:
        self.tokens = tokens
        self._query = query
        self._world = world

    def wrong(self) -> Exception:
        return invalid_request(
            "query", self._query, "There were errors processing your request: the query is not valid"
        )

    def either(self) -> Test:
        tests = [self._all()]
        while self.tokens and self.tokens[0] == "OR":
            self.tokens.pop(0)
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else lambda tweet: any(test(tweet) for test in tests)

    def _all(self) -> Test:
        tests: list[Test] = []
        while self.tokens and self.tokens[0] not in ("OR", ")"):
            tests.append(self._one())
        if not tests:
            raise self.wrong()
        return tests[0] if len(tests) == 1 else lambda tweet: all(test(tweet) for test in tests)

    def _one(self) -> Test:
        token = self.tokens.pop(0)
        if token in ("(", "-("):
            inner = self.either()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise self.wrong()
            return inner if token == "(" else lambda tweet: not inner(tweet)  # noqa: S105 - a bracket
        if token == "-" and self.tokens and self.tokens[0] == "(":  # noqa: S105 - a sign
            inner = self._one()
            return lambda tweet: not inner(tweet)
        if token.startswith("-") and len(token) > 1:
            inner = self._term(token[1:])
            return lambda tweet: not inner(tweet)
        return self._term(token)

    def _term(self, token: str) -> Test:
        operator, colon, value = token.partition(":")
        if colon and operator in (
            "from",
            "to",
            "conversation_id",
            "is",
            "retweets_of",
            "has",
            "lang",
            "in_reply_to_tweet_id",
        ):
            return self._operator(operator, value)
        if token.startswith("@"):
            handle = token[1:].lower()
            return lambda tweet: handle in tweet.mentioned
        word = token.strip('"').lower()
        if not word:
            raise self.wrong()
        return lambda tweet: word in tweet.text.lower()

    def _operator(self, operator: str, value: str) -> Test:
        world = self._world
        if operator == "conversation_id":
            return lambda tweet: tweet.conversation_id == value
        if operator == "in_reply_to_tweet_id":
            return lambda tweet: tweet.parent == value
        if operator == "lang":
            return lambda tweet: tweet.language == value
        if operator == "is":
            tests: dict[str, Test] = {
                "reply": lambda tweet: tweet.parent is not None,
                "quote": lambda tweet: tweet.quoted is not None,
                "retweet": lambda tweet: False,
            }
            if value not in tests:
                raise self.wrong()
            return tests[value]
        if operator == "has":
            return lambda tweet: bool(tweet.links) if value == "links" else bool(tweet.media)
        wanted = self._user(value)
        if operator == "from":
            return lambda tweet: world.author_id(tweet.author) == wanted
        if operator == "to":
            return lambda tweet: tweet.parent_author_id == wanted
        return lambda tweet: False

    def _user(self, value: str) -> str:
        name = value.lstrip("@").lower()
        if name in (self._world.handle.lower(), self._world.account_id):
            return self._world.account_id
        person = self._world.scene.people.by_handle(name)
        return person.twitter_id if person else value
