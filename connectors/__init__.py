"""How platforms speak. The registry is the one place that names every channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from connectors.base import Connector

_CLASSES = {
    "facebook": "connectors.facebook.Facebook",
    "instagram": "connectors.instagram.Instagram",
    "twitter": "connectors.twitter.Twitter",
}


class _Registry(Mapping[str, type[Connector]]):
    """Imports a channel when somebody asks for it: who has no account on X does not load its client."""

    def __getitem__(self, channel: str) -> type[Connector]:
        module, _, name = _CLASSES[channel].rpartition(".")
        connector: type[Connector] = getattr(import_module(module), name)
        return connector

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)

    def __contains__(self, channel: object) -> bool:
        return channel in _CLASSES


REGISTRY: Mapping[str, type[Connector]] = _Registry()
