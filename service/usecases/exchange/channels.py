"""The Subscriptions that notify us: what they are called, and how what is known of them is kept."""

from __future__ import annotations

import re
from collections.abc import Callable

from service.usecases.exchange.desk import Channel
from service.usecases.exchange.trading import Trading

_SUBSCRIPTION = re.compile(r"(?:.*/)?(Subscription/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?")


def channel_name(said: str) -> str:
    """`Subscription/1`, however the server writes it: a server behind a proxy gives an address of
    its own network, and another one to who asks it. What is no Subscription stays as it is."""
    match = _SUBSCRIPTION.fullmatch(said)
    return match[1] if match else said


def subscription_id(channel: Channel) -> str:
    """The id of its Subscription at the source; empty where it is none (Aidbox has a topic
    destination instead)."""
    kind, _, id = channel_name(channel.subscription).partition("/")
    return id if kind == "Subscription" and id and "/" not in id else ""


def keep(trading: Trading, name: str, change: Callable[[Channel], Channel]) -> None:
    """Change what is known of a subscription as it is now: notifications go on coming in while the
    source is asked about those before."""
    desk, source = trading.desk, trading.source.name
    known = {channel.subscription: channel for channel in desk.channels(source)}
    desk.keep_channel(source, change(known.get(name, Channel(name))))
