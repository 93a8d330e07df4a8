"""Headers: which field a header names, judged by its words alone.

Belongs here: words, abbreviations, glued and misspelt words, and the likeness of a header to the known ones. Does not
belong here: the values under a header (`values.py`). The facts are `words.csv` (word to its meaning) and `synonyms.csv`
(field to a header that names it; fields that no table reads are listed too, so that they are not taken for another).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from transforms.recognise import normalised_header
from warehouse.profiles import SourceProfile

_HERE = Path(__file__).parent
_SILENT = {
    "dan",
    "and",
    "of",
    "the",
    "di",
    "yang",
    "is",
    "apakah",
    "ada",
    "untuk",
    "for",
    "in",
    "at",
    "a",
    "by",
    "dengan",
}
ALIAS_SCORE, SYNONYM_SCORE_LIMIT = 1.0, 0.97
UNKNOWN_WORD_WEIGHT = 1.5


@dataclass(frozen=True)
class NameEvidence:
    """How well a header names a field, 0 to 1, and the known header it is like."""

    score: float
    like: str


def name_evidence(header: str, profiles: Sequence[SourceProfile]) -> dict[str, NameEvidence]:
    """Every field that `header` may name, with its evidence; `header` is as delivered, capitals tell words apart."""
    words = meaning(header)
    evidence: dict[str, NameEvidence] = {}
    for field, known, known_words in _synonyms():
        score = min(_likeness(words, known_words), SYNONYM_SCORE_LIMIT)
        if score > evidence.get(field, NameEvidence(0.0, "")).score:
            evidence[field] = NameEvidence(score, known)
    plain = normalised_header(header)
    for profile in profiles:
        for field, aliases in profile.columns:
            if plain in aliases:
                evidence[field] = NameEvidence(ALIAS_SCORE, f"{plain} in {profile.name}")
    return evidence


@lru_cache(maxsize=4096)
def meaning(header: str) -> frozenset[str]:
    """The meanings of a header's words: `TglLahir`, `tgl_lhr` and `birth date` are all {tanggal, lahir}."""
    meanings: set[str] = set()
    for word in _joined(_split(header)):
        for part in _parts(word):
            meanings.update(_meanings().get(part, part).split())
    return frozenset(meanings - _SILENT) or frozenset(meanings)


def _split(header: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header.strip())
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def _joined(words: Sequence[str]) -> list[str]:
    """`e-mail` and `sub-district` are one word each: what is known as one word is read as one."""
    known, joined = _known_words(), list(words[:1])
    for word in words[1:]:
        if joined[-1] + word in known:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


@lru_cache(maxsize=4096)
def _parts(word: str) -> tuple[str, ...]:
    """A known word, or the known ones it is glued from, misspells by one letter or shortens; else the word as it is."""
    known = _known_words()
    if word in known:
        return (word,)
    glued: list[tuple[str, ...] | None] = [()] + [None] * len(word)
    for end in range(2, len(word) + 1):
        for begin in range(end - 1):
            before, piece = glued[begin], word[begin:end]
            if (
                before is not None
                and piece in known
                and (glued[end] is None or len(before) + 1 < len(glued[end] or ()))
            ):
                glued[end] = (*before, piece)
    if glued[-1]:
        return glued[-1]
    if len(word) >= 5:
        near = sorted(other for other in known if len(other) >= 5 and _is_one_edit(word, other))
        if near:
            return (near[0],)
    return (_abbreviated(word) or word,)


def _abbreviated(word: str) -> str:
    """The known word that `word` shortens by vowels (`omzt`) or its end (`digi`); "" unless all are of one meaning."""
    if len(word) < 3:
        return ""
    full = [
        known
        for known in sorted(_known_words())
        if len(known) > len(word) and (_lacks_vowels(word, known) or (len(word) >= 4 and known.startswith(word)))
    ]
    return full[0] if len({_meanings().get(known, known) for known in full}) == 1 else ""


def _lacks_vowels(word: str, known: str) -> bool:
    """Whether `word` is `known` without some or all of the vowels behind its first letter."""
    pattern = known[0] + "".join(f"{letter}?" if letter in "aeiou" else letter for letter in known[1:])
    return re.fullmatch(pattern, word) is not None


def _is_one_edit(left: str, right: str) -> bool:
    """Whether one letter more, less, changed or swapped with its neighbour makes `left` of `right`."""
    if abs(len(left) - len(right)) > 1:
        return False
    begin = 0
    while begin < min(len(left), len(right)) and left[begin] == right[begin]:
        begin += 1
    left, right = left[begin:], right[begin:]
    swapped = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return left[1:] == right[1:] or left[1:] == right or left == right[1:] or swapped


@cache
def _meanings() -> dict[str, str]:
    return {row["word"]: row["meaning"] for row in _rows("words.csv")}


@cache
def _known_words() -> frozenset[str]:
    words = set(_meanings()) | {word for text in _meanings().values() for word in text.split()} | _SILENT
    words.update(word for row in _rows("synonyms.csv") for word in row["header"].split())
    return frozenset(word for word in words if len(word) > 1)


@cache
def _synonyms() -> tuple[tuple[str, str, frozenset[str]], ...]:
    return tuple((row["field"], row["header"], meaning(row["header"])) for row in _rows("synonyms.csv"))


@cache
def _weights() -> dict[str, float]:
    """A word that names few fields says more than one that stands in many."""
    fields: dict[str, set[str]] = {}
    for field, _, words in _synonyms():
        for word in words:
            fields.setdefault(word, set()).add(field)
    count = len({field for field, _, _ in _synonyms()})
    return {word: 0.5 + math.log(count / len(named)) for word, named in fields.items()}


def _likeness(left: Iterable[str], right: Iterable[str]) -> float:
    """Dice coefficient of two sets of words, each weighted by what it says."""
    weights = _weights()
    ours, theirs = set(left), set(right)
    common = sum(weights.get(word, UNKNOWN_WORD_WEIGHT) for word in ours & theirs)
    both = sum(weights.get(word, UNKNOWN_WORD_WEIGHT) for word in (*ours, *theirs))
    return 2 * common / both if both else 0.0


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
