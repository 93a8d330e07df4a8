"""`capaian explain`: its screens and its document. What they show is found out in `flows/explaining/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.markup import escape
from rich.table import Table

from flows.cli import screens
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.explaining.told import Decision, Edge, Evidence, Explained, Held, Registration

_SHOWN = 20
"""Rows of one table; the JSON document holds all."""
_AMOUNTS = {"omzet_idr": "sales", "capital_idr": "capital"}
"""Fields of which only the size class is published, and the rule of that class."""
_DECIDED = {
    "registration_number": "same number",
    "must_link": "[bold]a person: one[/]",
    "cannot_link": "[bold]a person: apart[/]",
}
_OUTCOMES = {
    "compared": "[green]equal keys: compared[/]",
    "different": "different keys",
    "missing": "one side gives none",
    "told_apart": "equal keys, but NIKs or birth dates of two persons: not compared",
    "parted": "[yellow]equal keys, but the block is too large and parts them[/]",
    "stopped": "[yellow]equal keys, but the block is too large to be compared[/]",
}


def explain(
    asked: str,
    other: str | None = None,
    /,
    *,
    unmask: Annotated[bool, Parameter(negative="")] = False,
    json_output: Annotated[bool, Parameter(name="--json", negative="", help="Print JSON for machines.")] = False,
) -> int:
    """Show why registrations are one business; of two ids, why they are or are not.

    Parameters
    ----------
    asked
        A business_id, also one that is gone; a row_id; or a registration: its number, or register:number.
    other
        A second one, to be held against the first.
    unmask
        Also show names, numbers and addresses. It reads the closed folders: what is shown is personal data.
    """
    from flows.explaining import ExplainError, hold_together
    from flows.explaining import explain as find_out

    try:
        with screens.working("looking it up", quiet=json_output):
            if other is None:
                found = find_out(Settings(), asked, unmask=unmask)
            else:
                held = hold_together(Settings(), asked, other, unmask=unmask)
    except ExplainError as error:
        return screens.fail(2, str(error))
    if json_output:
        print(json.dumps(_document(asdict(found if other is None else held)), default=str, ensure_ascii=False))
    elif other is None:
        _show_business(found)
    else:
        _show_pair(held)
    return 0


def _document(value: Any, name: str = "") -> Any:
    """`value` for machines: row ids as text, since many readers of JSON hold no number of 63 bits."""
    if isinstance(value, dict):
        return {key: _document(inner, key) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_document(inner) for inner in value]
    return str(value) if name.endswith("row_id") and value is not None else value


class _Labels:
    """A short number for each registration on a screen."""

    def __init__(self, registrations: Iterable[Registration]) -> None:
        self._labels = {row.row_id: str(place) for place, row in enumerate(registrations, 1)}

    def of(self, row_id: int) -> str:
        return self._labels.get(row_id, str(row_id))

    def pair(self, edge: Edge) -> str:
        ends = sorted((self.of(edge.left_row_id), self.of(edge.right_row_id)), key=lambda label: (len(label), label))
        return "–".join(ends)


def _show_business(found: Explained) -> None:
    labels = _Labels((*found.registrations, *found.others))
    current = sum(row.is_current for row in found.registrations)
    screens.say(
        f"[bold]Business {found.business_id}[/]  {current} current registration{'' if current == 1 else 's'},"
        f" owner {found.owner_id}  [dim]version {found.version}[/]"
    )
    _show_notes(found.notes)
    _show_registrations("Registrations", found.registrations, labels)
    if found.edges:
        _show_edges("Links among them", found.edges, labels)
    if found.apart:
        _show_edges("Pairs with other businesses: not enough, or kept apart", found.apart, labels)
        _show_registrations("Registrations of other businesses in these pairs", found.others, labels, is_other=True)
    _show_values((*found.registrations, *found.others), labels)
    _show_decisions(found.decisions)
    _show_fields(found, labels)
    _show_owned(found)
    if found.history:
        table = _table("History of its ids", "version", "id", "event", "other id")
        for event in found.history:
            table.add_row(str(event.version), str(event.entity_id), event.event, _or_dash(event.other_entity_id))
        screens.console.print(table)


def _show_pair(found: Held) -> None:
    labels = _Labels(found.registrations)
    verdict = "[green]one business[/]" if found.is_one_business else "[yellow]not one business[/]"
    screens.say(
        f"[bold]{escape(_plain(found.asked[0]))}[/] and [bold]{escape(_plain(found.asked[1]))}[/]: {verdict}"
        f"  [dim]version {found.version}[/]"
    )
    _show_notes(found.notes)
    told = Table.grid(padding=(0, 1))
    for sentence in found.why:
        told.add_row("•", escape(_plain(sentence)))
    screens.console.print(told)
    screens.say("")
    _show_registrations("Registrations", found.registrations, labels, is_other=True)
    _show_values(found.registrations, labels)
    if found.pair and found.pair.evidence:
        _show_evidence(found.pair, found.pair.evidence, labels)
    if found.path:
        _show_edges("The way from the one to the other", found.path, labels)
    if found.between:
        _show_edges("Other pairs of the two businesses", found.between, labels)
    _show_decisions(found.decisions)
    if found.blocking:
        table = _table("Blocking rules", "rule", "this pair")
        for entry in found.blocking:
            table.add_row(entry.rule, _OUTCOMES[entry.outcome])
        screens.console.print(table)
        screens.say("")


def _show_notes(notes: Iterable[str]) -> None:
    for note in notes:
        screens.say(f"[yellow]![/] {escape(_plain(note))}")
    screens.say("")


def _show_registrations(
    title: str, registrations: Sequence[Registration], labels: _Labels, *, is_other: bool = False
) -> None:
    table = _table(title, "#", "registration", "row_id", "file, line", "interview", "business" if is_other else "state")
    for row in registrations[:_SHOWN]:
        number = f"{row.source_register}:{_plain(row.registration_number or '–')}"
        interview = str(row.enumerated_date) if row.enumerated_date else f"wave {_or_dash(row.wave)}"
        state = (
            "current" if row.superseded_by_row_id is None else f"superseded by {labels.of(row.superseded_by_row_id)}"
        )
        table.add_row(
            labels.of(row.row_id),
            escape(number),
            str(row.row_id),
            escape(f"{_plain(row.file_name)}, {row.line_number}"),
            interview,
            str(row.business_id) if is_other else state,
            style="" if row.is_current else "dim",
        )
    _print(table, len(registrations))


def _show_values(registrations: Sequence[Registration], labels: _Labels) -> None:
    """Personal values beside each other, three registrations at a time."""
    known = [(row, row.values) for row in registrations[:_SHOWN] if row.values is not None]
    for start in range(0, len(known), 3):
        some = known[start : start + 3]
        table = _table("Personal data" if start == 0 else "", "", *(labels.of(row.row_id) for row, _ in some))
        for name in some[0][1]:
            texts = [_plain(_or_dash(values[name])) for _, values in some]
            table.add_row(name, *map(escape, texts))
        screens.console.print(table)
        screens.say("")


def _show_edges(title: str, edges: Sequence[Edge], labels: _Labels) -> None:
    table = _table(title, "pair", "reached", "by", "strangers", "siblings", "found", right=("strangers", "siblings"))
    for edge in edges[:_SHOWN]:
        reached = edge.level if edge.threshold is None else edge.threshold
        by = _DECIDED.get(edge.decided_by, edge.decided_by)
        if edge.cut_by:
            by = f"[red]cut: {edge.cut_by}[/]"
        sums, told = ("", ""), ""
        if edge.evidence:
            sums = (f"{edge.evidence.stranger_weight:+.1f}", f"{edge.evidence.sibling_weight:+.1f}")
            told = ", ".join(
                f"{point.comparison}={point.level} [dim]{point.match_weight:+.1f}[/]"
                for point in edge.evidence.points
                if point.level not in ("missing", "prior")
            )
        table.add_row(labels.pair(edge), reached, by, *sums, told)
    _print(table, len(edges))
    guards = sorted({edge.cut_by for edge in edges if edge.cut_by})
    if guards:
        from flows.explaining.told import GUARDS

        for guard in guards:
            screens.say(f"[dim]{guard}: {GUARDS[guard]}[/]")
        screens.say("")


def _show_evidence(edge: Edge, evidence: Evidence, labels: _Labels) -> None:
    table = _table(
        f"What the pair {labels.pair(edge)} weighs, in bits",
        "comparison",
        "evidence of",
        "found",
        "against strangers",
        "against siblings",
        right=("against strangers", "against siblings"),
    )
    for point in evidence.points:
        is_silent = point.level == "missing"
        table.add_row(
            point.comparison,
            "" if point.side == "prior" else point.side,
            "odds before" if point.level == "prior" else point.level,
            "" if is_silent else f"{point.match_weight:+.2f}",
            "" if is_silent or point.sibling_weight is None else f"{point.sibling_weight:+.2f}",
            style="dim" if is_silent else "",
        )
    table.add_row(
        "[bold]sum[/]", "", "", f"[bold]{evidence.stranger_weight:+.2f}[/]", f"[bold]{evidence.sibling_weight:+.2f}[/]"
    )
    for short in evidence.shortfalls:
        mark = "[green]✔[/]" if short.is_reached else "[red]✘[/]"
        told = [f"{bits:.2f} short" if bits else "enough" for bits in (short.stranger_bits, short.sibling_bits)]
        table.add_row(f"{mark} {short.threshold}", "", "", *told)
    screens.console.print(table)
    screens.say("[dim]siblings: two businesses of one owner; what tells the owner says nothing of them[/]\n")


def _show_decisions(decisions: Sequence[Decision]) -> None:
    if not decisions:
        return
    table = _table("Decisions of people", "decision", "pair", "by", "on", "why", "status")
    for entry in decisions[:_SHOWN]:
        decision = entry.decision
        pair = (
            f"{decision.left_register}:{decision.left_number} – {decision.right_register}:{decision.right_number}",
            decision.decided_by,
            str(decision.decided_date),
            decision.reason,
        )
        table.add_row(decision.decision, *(escape(_plain(text)) for text in pair), entry.status)
    _print(table, len(decisions))


def _show_fields(found: Explained, labels: _Labels) -> None:
    table = _table("What the business is, and on whose word", "field", "value", "of", "why")
    for choice in found.fields:
        value = choice.value
        if choice.field in _AMOUNTS and choice.row_id:
            is_class = found.business["size_rule"] == _AMOUNTS[choice.field]
            told = f"not published; class {found.business['size_class_code']}" if is_class else "not published"
            value = told if value is None else f"{value:,}"
        table.add_row(
            choice.field,
            escape(_plain(_or_dash(value))),
            labels.of(choice.row_id) if choice.row_id else "",
            choice.why,
            style="" if choice.row_id else "dim",
        )
    channels = ", ".join(found.channels) or "none"
    table.add_row("channels", channels, "", "any registration that has it")
    screens.console.print(table)
    screens.say("")


def _show_owned(found: Explained) -> None:
    if not found.owned:
        screens.say(f"[dim]owner {found.owner_id} has no other business[/]\n")
        return
    names = ("business_id", "regency_code", "kbli_code", "started_year", "registration_count")
    heads = ("business", "regency", "kbli", "since", "registrations")
    table = _table(f"Other businesses of owner {found.owner_id}", *heads)
    for business in found.owned[:_SHOWN]:
        table.add_row(*(_or_dash(business[name]) for name in names))
    _print(table, len(found.owned))


def _table(title: str, *heads: str, right: Sequence[str] = ()) -> Table:
    table = Table(title=title or None, **{**screens.STYLE, "padding": (0, 2, 0, 0)})
    for head in heads:
        folds = head in ("found", "file, line", "why", "pair", "registration", "value") or head.isdigit()
        table.add_column(
            head,
            justify="right" if head in right else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    return table


def _print(table: Table, count: int) -> None:
    screens.console.print(table)
    if count > _SHOWN:
        screens.say(f"[dim]and {count - _SHOWN} more; --json tells all[/]")
    screens.say("")


def _plain(text: str) -> str:
    """`text` without characters that a terminal would obey."""
    return "".join(character if character.isprintable() else "�" for character in text)


def _or_dash(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None or value == "" else value.isoformat() if isinstance(value, date) else str(value)
