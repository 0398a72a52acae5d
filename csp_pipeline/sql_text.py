"""Pieces of SQL text: names, literals, and the labels of periods. It imports nothing, so that a query costs no more."""


def identifier(name: str) -> str:
    """A SQL identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'


def quoted(value: str) -> str:
    """A SQL string literal."""
    return "'" + value.replace("'", "''") + "'"


def period_label(day: str, kind: str) -> str:
    """SQL for the label of the period (`month`, `quarter`, `financial_year`) that the SQL expression `day`, a date, falls in."""
    if kind == "month":
        return f"strftime({day}, '%Y-%m')"
    april = f"CAST({day} AS DATE) - INTERVAL 3 MONTH"
    year = f"year({april}) || '-' || lpad(CAST((year({april}) + 1) % 100 AS VARCHAR), 2, '0')"
    return f"{year} || ' Q' || quarter({april})" if kind == "quarter" else year
