"""Shared by the comparisons with the planted truth: instants, and sorted contact matches."""

import datetime


def instant(text):
    """An instant in UTC, as duckdb gives it: without a zone."""
    assert text.endswith("Z"), text
    return datetime.datetime.fromisoformat(text[:-1])


def touches_of_truth(planted):
    return sorted(
        (
            t["contact_id"] or "",
            t["contact_name"] or "",
            t["account_id"] or "",
            t["account_name"] or "",
            t["contact_address"],
            t["contact_role"],
            t["rule"],
        )
        for t in planted["touches"]
    )


def touches_of_lake(rows):
    return sorted(
        (
            r["contact_id"] or "",
            r["contact_name"] or "",
            r["account_id"] or "",
            r["account_name"] or "",
            r["contact_address"],
            r["contact_role"],
            r["match_rule"],
        )
        for r in rows
    )
