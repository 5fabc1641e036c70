"""How platforms speak. The registry is the one place that names every channel."""

from connectors.base import Connector
from connectors.facebook import Facebook
from connectors.instagram import Instagram
from connectors.twitter import Twitter

REGISTRY: dict[str, type[Connector]] = {
    "facebook": Facebook,
    "instagram": Instagram,
    "twitter": Twitter,
}
