"""What every asset after intake has in common: its decorator, and the results of checks that count faults."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from dagster._core.storage.tags import PRIORITY_TAG

from csp_pipeline.defs.automation import follows_new_files
from csp_pipeline.defs.instance import POOL
from csp_pipeline.defs.metadata import markdown_table
from csp_pipeline.defs.one_run import ONE_RUN
from csp_pipeline.defs.retries import trying_again

ENGINEERS = ["team:data-engineering"]
Compute = Callable[[dg.AssetExecutionContext], dg.MaterializeResult]


def product(
    group: str,
    *,
    deps: Iterable[dg.AssetsDefinition],
    description: str,
    checks: Mapping[str, str] | None = None,
    metadata: Mapping[str, Any] | None = None,
    kinds: Iterable[str] = ("duckdb", "parquet"),
    is_waited_for: bool = False,
) -> Callable[[Compute], dg.AssetsDefinition]:
    """An asset named after its function; `checks` gives the description of each check that the function reports,
    `metadata` what is known of it before any run. One that `is_waited_for` by others begins before those that are not.
    """

    def declare(compute: Compute) -> dg.AssetsDefinition:
        name = compute.__name__

        @functools.wraps(compute)
        def trying(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
            with trying_again():
                return compute(context)

        return dg.asset(
            name=name,
            deps=list(deps),
            required_resource_keys={ONE_RUN},
            group_name=group,
            kinds=set(kinds),
            owners=ENGINEERS,
            description=description,
            metadata=metadata,
            check_specs=[dg.AssetCheckSpec(check, asset=name, description=words) for check, words in (checks or {}).items()],
            automation_condition=follows_new_files(),
            pool=POOL,
            op_tags={PRIORITY_TAG: "1"} if is_waited_for else None,
        )(trying)

    return declare


def no_faults(check: str, faults: int, what: str) -> dg.AssetCheckResult:
    """The result of a check that counts what is wrong; `what` names that, such as `gaps_that_do_not_add_up`."""
    return dg.AssetCheckResult(check_name=check, passed=faults == 0, metadata={what: faults})


def counted(counts: Mapping[str, int]) -> dict[str, Any]:
    """Metadata of rows by kind: their number in all, and each kind's."""
    return {"dagster/row_count": sum(counts.values()), **{kind: dg.MetadataValue.int(rows) for kind, rows in counts.items()}}


def preview(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MetadataValue:
    """Metadata that shows rows as a table."""
    return dg.MetadataValue.md(markdown_table(headers, rows))
