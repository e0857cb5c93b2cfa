"""Tone, loaded language, attribution, framing and stance of news articles, reported per voice.

What is named here is imported when it is asked for: `measure` and its workers draw nothing and start without.
"""

from importlib import import_module

_NAMES = {
    "compare": ("contributions", "difference", "distinctive_words", "leverage"),
    "corpus": ("articles_frame", "blocks_frame", "load_corpus"),
    "figures": ("about", "save_figure", "saver", "use_style"),
    "measures": ("MEASURES", "find_spans", "score", "sentences_frame"),
    "model": ("AnalysisError", "Article", "Block", "Lexicon", "Span"),
    "reading": ("browse", "read"),
}
_MODULE = {name: module for module, names in _NAMES.items() for name in names}
__all__ = [*_MODULE]


def __getattr__(name: str) -> object:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE[name]}"), name)
