"""X's OpenAPI document as a judge of requests: path, parameters and body of each must be what it describes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012


class Specification:
    """Judges requests. `faults` of a request is empty when it is valid."""

    def __init__(self, file: Path) -> None:
        self.document = json.loads(file.read_text("utf-8"))
        self.registry = Registry().with_resource("urn:x", DRAFT202012.create_resource(self.document))
        self.routes = [
            (re.compile("^" + re.sub(r"\\\{[^}]+\\\}", "([^/]+)", re.escape(path)) + "$"), path)
            for path in sorted(self.document["paths"], key=lambda path: path.count("{"))
        ]

    def faults(self, method: str, url: str, body: bytes | str | None) -> list[str]:
        """Everything the document does not allow about this request."""
        parts = urlsplit(url)
        for pattern, path in self.routes:
            match = pattern.match(parts.path)
            operation = self.document["paths"][path].get(method.lower()) if match else None
            if match is None or operation is None:
                continue
            names = re.findall(r"\{([^}]+)\}", path)
            values = dict(zip(names, map(unquote, match.groups()), strict=True))
            return [
                *self._parameters(path, operation, values, parse_qsl(parts.query, keep_blank_values=True)),
                *self._body(operation, body),
            ]
        return [f"{method} {parts.path} is not in the document"]

    def _parameters(
        self, path: str, operation: Mapping[str, Any], values: Mapping[str, str], query: list[tuple[str, str]]
    ) -> list[str]:
        given = [*self.document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        known = {(p["in"], p["name"]): p for p in map(self._resolved, given)}
        found = []
        asked = [("query", name, value) for name, value in query] + [("path", *item) for item in values.items()]
        for place, name, value in asked:
            parameter = known.get((place, name))
            if parameter is None:
                found.append(f"{path} has no {place} parameter {name}")
                continue
            found += self._check(parameter["schema"], self._typed(parameter["schema"], value), name)
        present = {(place, name) for place, name, _ in asked}
        return found + [f"{path} needs {key}" for key, p in known.items() if p.get("required") and key not in present]

    def _body(self, operation: Mapping[str, Any], body: bytes | str | None) -> list[str]:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            return ["a body where none is described"] if body else []
        return self._check(content["schema"], json.loads(body or "null"), "body")

    def _resolved(self, item: Any) -> Any:
        while "$ref" in item:
            found: Any = self.document
            for part in item["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            item = found
        return item

    def _typed(self, schema: Any, value: str) -> Any:
        kind = self._resolved(schema).get("type")
        if kind == "array":
            return value.split(",")
        return int(value) if kind == "integer" and value.lstrip("-").isdigit() else value

    def _check(self, schema: Any, value: Any, name: str) -> list[str]:
        whole = json.loads(json.dumps(schema).replace('"#/', '"urn:x#/'))
        validator = Draft202012Validator(whole, registry=self.registry)
        return [f"{name}: {error.message[:200]}" for error in validator.iter_errors(value)]
