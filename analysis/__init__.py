"""Tone, loaded language, attribution, framing and stance of news articles, reported per voice."""

from analysis.compare import contributions, difference, distinctive_words, leverage
from analysis.corpus import articles_frame, blocks_frame, load_corpus
from analysis.figures import about, save_figure, saver, use_style
from analysis.measures import MEASURES, find_spans, score, sentences_frame
from analysis.model import AnalysisError, Article, Block, Lexicon, Span
from analysis.reading import browse, read

__all__ = ["MEASURES", "AnalysisError", "Article", "Block", "Lexicon", "Span", "about", "articles_frame"]
__all__ += ["blocks_frame", "browse", "contributions", "difference", "distinctive_words", "find_spans", "leverage"]
__all__ += ["load_corpus", "read", "save_figure", "saver", "score", "sentences_frame", "use_style"]
