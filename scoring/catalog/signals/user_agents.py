"""What a user agent says of itself, by the regular expressions that come with ua-parser. It may well lie."""

import re
from functools import cache, lru_cache

from ua_parser import Parser
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from scoring.declare import Measured

# Beside the crawlers that ua-parser knows: what scripts, headless browsers and drivers call themselves.
_BOT = re.compile(
    r"(?<!cu)bot\b|crawl|spider|scrap[ey]|headless|phantomjs|selenium|puppeteer|playwright|webdriver|curl/|wget/|python|"
    r"libwww|lwp-|go-http-client|java/|httpclient|node-fetch|axios/|postman|http-client",
    re.IGNORECASE,
)
_CRAWLER = "Spider"  # ua-parser's device family of crawlers
MAX_CACHED = 4_096


@cache
def _parser() -> Parser:
    return Parser(Resolver(load_lazy_builtins()))


def user_agent_signals(text: str) -> Measured:
    """The signals of a user agent (see docs/reference/signals.md), without those that it lacks.

    >>> user_agent_signals("curl/8.4.0")
    {'family': 'curl', 'is_bot': True}
    """
    return dict(_measure(text))


@lru_cache(maxsize=MAX_CACHED)  # the same browsers come again and again
def _measure(text: str) -> Measured:
    parsed = _parser().parse(text)
    signals: Measured = {}
    if parsed.user_agent:
        signals["family"] = parsed.user_agent.family
    if parsed.os:
        signals["system"] = parsed.os.family
    is_crawler = parsed.device is not None and parsed.device.family == _CRAWLER
    signals["is_bot"] = is_crawler or bool(_BOT.search(text))
    return signals
