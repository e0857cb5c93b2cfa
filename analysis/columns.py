"""The columns of media databases: Media Cloud, Nexis Uni and Factiva, by the names of ours."""

from collections.abc import Mapping
from typing import Any

# What Media Cloud, Nexis Uni and Factiva (its tags) call our columns, in lower case; the first that a row has counts.
ALIASES = {
    "id": ("stories_id", "an", "accession number"),
    "text": ("article", "body", "full text", "full_text", "content", "lp + td"),
    "outlet": ("media_name", "publication", "newspaper", "sn", "source"),
    "date": ("publish_date", "publication date", "pd"),
} | {"title": ("headline", "hd"), "author": ("byline", "by"), "language": ("la",), "kind": (), "topic": (), "url": ()}


def our_names(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose columns go by our names too, from those in other case or of a media database; ours stay as they are.

    Factiva's text is its lead paragraph and what follows. A value that is no string is no article's fact.

    >>> our_names({"AN": "7", "HD": "Rain", "LP": "It rained.", "TD": "It stopped."})["text"]
    'It rained.\\nIt stopped.'
    """
    low = {name.strip().lower(): value for name, value in reversed(row.items()) if isinstance(value, str)}
    if parts := [low[tag] for tag in ("lp", "td") if low.get(tag)]:
        low["lp + td"] = "\n".join(parts)
    named = {ours: [low[name] for name in (ours, *names) if name in low] for ours, names in ALIASES.items()}
    return {ours: values[0] for ours, values in named.items() if values} | dict(row)
