"""The Subscriptions that notify us: what they are called, and how what is known of them is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from service.fhir.notices.notice import ChannelWord, Happening, Notice
from service.usecases.exchange.desk import Arrival, Channel
from service.usecases.exchange.gaps import heard
from service.usecases.exchange.trading import Trading

#: How often it is noted that a subscription was heard of, when nothing else is new about it.
_OFTEN = timedelta(seconds=1)
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


def hear(word: ChannelWord, notices: Sequence[Notice], trading: Trading) -> None:
    """Keep what a source says of its own subscription.

    Where its numbers fell it is looked at as if it had said that something changed: what happened
    around that is not in the numbers.
    """
    desk, source, now = trading.desk, trading.source.name, trading.clock()
    known = _known(trading, channel_name(word.subscription))
    told = heard(known, word, notices, now)
    same = replace(told.channel, heard=known.heard) == known
    if same and known.heard is not None and now - known.heard < _OFTEN:
        return  # senders that do not count say the same with every notice
    desk.keep_channel(source, told.channel)
    if told.begun_anew:
        desk.arrive(source, [Arrival(Happening.SOMETHING)], now)


def keep(trading: Trading, name: str, change: Callable[[Channel], Channel]) -> None:
    """Change what is known of a subscription as it is now: notifications go on coming in while the
    source is asked about those before."""
    trading.desk.keep_channel(trading.source.name, change(_known(trading, name)))


def _known(trading: Trading, name: str) -> Channel:
    channels = trading.desk.channels(trading.source.name)
    return next((one for one in channels if one.subscription == name), Channel(name))
