"""Documents say what is so: their commands, links, codes, columns and results are checked against the project."""

import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
import typer.main

from csp_pipeline.agencies import find_feed_spec
from csp_pipeline.cli import app, output
from csp_pipeline.partnership.partnership import load_partnership
from csp_pipeline.settings import Settings
from tests.command import PROJECT
from tests.conventions.conftest import Csp

README = PROJECT / "README.md"
ENGINEERS, ANALYSTS, PARTNERS = (PROJECT / "docs" / f"{name}.md" for name in ("data-engineers", "analysts", "partners"))
DECISIONS = sorted((PROJECT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = [README, PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
EXAMPLES = sorted((PROJECT / "warehouse" / "examples").glob("*.sql"))
COMMANDS = typer.main.get_command(app.app).commands  # type: ignore[attr-defined]
# Commands of the README that only read the warehouse, so that a test may run them as they stand.
READING = ("status", "figures", "discrepancies", "changes", "limits", "claims", "reports")
CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT))


# What documents say, and what the project has


def commands_in(text: str, program: str) -> set[str]:
    """Every call of a program in a text's code: `make run` gives "run", with its arguments."""
    code = [*re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))]
    code += [line.removeprefix("$ ") for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    calls = (re.match(rf"(?:\.venv/bin/)?{program} (.+)", piece.strip()) for piece in code)
    return {call[1] for call in calls if call}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", read(PROJECT / "Makefile"), re.MULTILINE))


def links_in(text: str) -> list[str]:
    without_code = re.sub(r"```.*?```|`[^`\n]+`", "", text, flags=re.DOTALL)
    return re.findall(r"\]\(([^)\s]+)\)", without_code)


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).strip().replace(" ", "-")


def broken_links(path: Path, text: str) -> list[str]:
    broken = []
    for link in links_in(text):
        if link.startswith(("http://", "https://")):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (
            anchor and anchor not in {slug(h) for h in re.findall(r"^#+ (.+)$", read(target), re.MULTILINE)}
        ):
            broken.append(link)
    return broken


def improper_places(text: str) -> list[str]:
    """Addresses of package registries, and paths of somebody's own machine."""
    registries = r"pypi|pythonhosted|anaconda\.|conda\.io|npmjs|crates\.io|index-url[ =]http|/simple\b"
    folders = r"(?<![\w.~-])/(?:home|work|root|Users|tmp|mnt)/\S*|[A-Za-z]:\\\S+"
    return re.findall(rf"\S*(?:{registries})\S*|{folders}", text)


def codes_in_source(source: str) -> set[str]:
    """Codes that a module gives to files and rows: what it calls the makers of rejects with, and what it sets `code` to."""
    tree = ast.parse(source)
    found: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in ("RefusedFileError", "make_reject"):
                found += node.args[:1]
            if called == "BrokenRow":
                found += node.args[2:3]
            if called in ("Check", "dataframe_check"):
                found += [keyword.value for keyword in node.keywords if keyword.arg == "error"]
        elif isinstance(node, ast.Assign) and any(_names(target) & {"code", "AFTER_EXTRACT"} for target in node.targets):
            found.append(node.value)
        elif isinstance(node, ast.FunctionDef) and node.name == "_code_of":
            found += [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return)]
    texts = {c.value for item in found if item for c in _results(item) if isinstance(c, ast.Constant)}
    codes = {text.partition(":")[0] for text in texts if isinstance(text, str)}
    return {code for code in codes if CODE.fullmatch(code)}


def _names(target: ast.expr) -> set[str]:
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return {getattr(part, "id", getattr(part, "attr", "")) for part in parts}


def _results(item: ast.expr) -> Iterable[ast.expr]:
    """What an expression can give, as far as a conditional tells."""
    return (*_results(item.body), *_results(item.orelse)) if isinstance(item, ast.IfExp) else (item,)


def refusal_codes() -> set[str]:
    modules = [*(PROJECT / "csp_pipeline/intake").rglob("*.py"), PROJECT / "csp_pipeline/agencies/responses.py"]
    return {code for path in modules for code in codes_in_source(read(path))}


def cell(value: object) -> str:
    if value is None:
        return ""
    return (
        f"{value:g}"
        if isinstance(value, float) and not value.is_integer()
        else str(int(value) if isinstance(value, float) else value)
    )


def as_table(database: duckdb.DuckDBPyConnection, query: str) -> str:
    """A query's result as a Markdown table."""
    result = database.execute(query)
    headers = [column[0] for column in result.description or []]
    lines = ["| " + " | ".join(headers) + " |", "|" + "---|" * len(headers)]
    return "\n".join(lines + ["| " + " | ".join(map(cell, row)) + " |" for row in result.fetchall()])


# Commands


def test_every_make_command_in_documents_is_a_target() -> None:
    named = {call.split()[0] for path in DOCUMENTS for call in commands_in(read(path), "make")}
    assert {"run", "test"} <= named
    assert named <= make_targets()


def test_every_target_and_every_csp_command_is_in_the_readme() -> None:
    assert {call.split()[0] for call in commands_in(read(README), "make")} >= make_targets()
    assert {call.split()[0] for call in commands_in(read(README), "csp")} >= set(COMMANDS)


def test_ci_calls_only_commands_that_the_readme_names() -> None:
    lines = [line.strip() for line in read(PROJECT / ".ci/run").splitlines()]
    calls = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    named = {f"make {call}" for call in commands_in(read(README), "make")}
    assert calls
    assert set(calls) <= named


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_csp_commands_in_documents_have_these_options(path: Path) -> None:
    for call in commands_in(read(path), "csp"):
        name, *arguments = call.split()
        assert name in COMMANDS, call
        command = COMMANDS[name]
        if arguments and arguments[0] in getattr(command, "commands", {}):
            command = command.commands[arguments[0]]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in arguments if word.startswith("--")} <= known, call


def test_options_beside_a_csp_command_in_the_readme_are_its_own() -> None:
    rows = re.findall(r"^\| `csp ([a-z]+)[^`]*` \|(.*)\|$", read(README), re.MULTILINE)
    assert {name for name, _ in rows} == set(COMMANDS)
    for name, words in rows:
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert set(re.findall(r"`(--[a-z-]+)", words)) <= known, name


@pytest.mark.parametrize(
    "call", sorted(c for c in commands_in(read(README), "csp") if c.split()[0] in READING and len(c.split()) > 1)
)
def test_reading_commands_of_the_readme_give_rows(call: str, csp: Csp, sample_run: subprocess.CompletedProcess[str]) -> None:
    done = csp(*shlex.split(call))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 2, done.stdout


def test_the_output_in_the_readme_is_the_output(sample_run: subprocess.CompletedProcess[str]) -> None:
    shown = next(block for block in re.findall(r"```text\n(.*?)```", read(README), re.DOTALL) if "Loaded" in block)
    real = {" ".join(line.split()) for line in sample_run.stdout.splitlines()}
    wrong = [line for line in shown.splitlines() if line not in ("", "...") and " ".join(line.split()) not in real]
    assert not wrong, f"not in the output of csp run:\n{sample_run.stdout}"


def test_exit_codes_are_in_the_readme() -> None:
    codes = {value for name, value in vars(output).items() if name.startswith("EXIT_")}
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", read(README), re.MULTILINE)}
    assert documented == {0, *codes}


def test_every_setting_is_documented() -> None:
    settings = {f"CSP_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"^\| `(CSP_\w+)`", read(ENGINEERS), re.MULTILINE)) == settings
    assert {name for path in DOCUMENTS for name in re.findall(r"CSP_[A-Z_]*[A-Z]", read(path))} <= settings


# Codes, dependencies, layouts


def test_every_refusal_code_is_explained_and_no_other() -> None:
    codes = refusal_codes()
    assert {"missing_column", "wrong_period", "unknown_value", "date_after_extract", "repeated_key"} <= codes
    in_tables = set(re.findall(r"^\| `([a-z_]+)` \|", read(ENGINEERS).split("## Outcomes and codes")[1], re.MULTILINE))
    assert codes - in_tables - {"blank_row"} == set()
    assert in_tables - codes == set()


def test_every_dependency_has_a_reason() -> None:
    project = tomllib.loads(read(PROJECT / "pyproject.toml"))["project"]
    every = [*project["dependencies"], *(entry for extra in project["optional-dependencies"].values() for entry in extra)]
    names = {re.split(r"[\[<>=~ ]", entry)[0].lower() for entry in every}
    explained = {name for path in DECISIONS for name in re.findall(r"^- `([a-z0-9-]+)`: \w", read(path), re.MULTILINE)}
    assert explained == names


def test_partners_are_told_every_column_and_which_may_be_blank() -> None:
    text = read(PARTNERS)
    starts = {m[1]: m.start() for m in re.finditer(r"^\*\*`(\w+)`\*\*", text, re.MULTILINE)}
    ends = sorted([*starts.values(), *(m.start() for m in re.finditer(r"^### ", text, re.MULTILINE)), len(text)])
    feeds = load_partnership(PROJECT / "sources").feeds
    assert {feed.name for feed in feeds} == set(starts)
    for feed in feeds:
        start = starts[feed.name]
        section = text[start : next(end for end in ends if end > start)]
        for column in find_feed_spec(feed.key).columns:
            told = re.search(rf"`{re.escape(column.header)}`( °)?", section)
            assert told, f"{feed.key}: {column.header} is not in partners.md"
            assert bool(told[1]) == (column.nullable or not column.required), f"{feed.key}: {column.header}: blanks"
        due = f"due {feed.entry.deadline_days} days"
        assert due in section or "publishes it" in section or "publishes them" in section or "as data.police.uk" in section


# Places


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    assert broken_links(path, read(path)) == []


def test_the_changes_say_what_is_new() -> None:
    """In its newest part, released or not."""
    newest = read(PROJECT / "CHANGELOG.md").split("\n## ")[1]
    assert "\n- " in newest


def test_every_document_and_decision_is_linked() -> None:
    linked = {(path.parent / link.partition("#")[0]).resolve() for path in DOCUMENTS for link in links_in(read(path))}
    assert [name_of(path) for path in DOCUMENTS if path not in linked | {README}] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_registry_address_and_no_path_of_one_machine(path: Path) -> None:
    assert improper_places(read(path)) == []


# Queries


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_examples_ask_a_question_and_give_rows(path: Path, sample_warehouse: duckdb.DuckDBPyConnection) -> None:
    assert read(path).startswith("-- ")
    assert sample_warehouse.execute(read(path)).fetchall()


@pytest.mark.parametrize(
    ("query", "result"), re.findall(r"```sql\n([^`]*)```\n\n((?:\|.*\n?)*)", read(ANALYSTS)), ids=lambda _: ""
)
def test_results_in_documents_are_the_results(query: str, result: str, sample_warehouse: duckdb.DuckDBPyConnection) -> None:
    assert result.strip() == as_table(sample_warehouse, query)


def test_every_query_for_analysts_has_its_result() -> None:
    assert read(ANALYSTS).count("```sql") == len(re.findall(r"```\n\n\|", read(ANALYSTS))) >= 5


def test_tables_named_for_analysts_exist(sample_warehouse: duckdb.DuckDBPyConnection) -> None:
    rows = sample_warehouse.execute("SELECT table_name FROM information_schema.tables").fetchall()
    listed = read(ANALYSTS).split("## What is in it")[1].split("\n## ")[0]
    first_cells = re.findall(r"^\| ([^|]+) \|", listed, re.MULTILINE)
    named = {name for cells in first_cells for name in re.findall(r"`(\w+)`", cells)}
    existing = {name for (name,) in rows}
    feeds = {feed.table for feed in load_partnership(PROJECT / "sources").feeds}
    assert named - existing == set()
    assert existing - named - feeds == set()


def test_the_dictionary_says_what_a_column_can_be_and_which_records_hold_today() -> None:
    dictionary = read(PROJECT / "warehouse" / "DICTIONARY.md")
    assert "One of: agrees, within_tolerance, conflict, not_comparable, missing." in dictionary
    assert "One of: recorded, cancelled, transferred." in dictionary
    partnership = load_partnership(PROJECT / "sources")
    assert dictionary.count("have `valid_to` NULL") == len(partnership.feeds)
    assert not re.search(r"[,.] *\.", dictionary)  # what a sentence ends with has been cut in two


# The checks themselves can fail


@pytest.mark.parametrize(
    "text",
    ["See [this](docs/nowhere.md).", "See [this](README.md#no-such-heading).", "![picture](docs/images/none.png)"],
)
def test_a_broken_link_is_found(text: str) -> None:
    assert broken_links(README, text)


@pytest.mark.parametrize(
    "text",
    # Put together here, so that this file does not hold what it forbids.
    [
        "py" + "pi",
        "npm" + "js",
        "open /" + "home/someone/csp.duckdb",
        "`/" + "work/x`",
        r"C:\Users\me",
        "--index-" + "url http://a",
    ],
)
def test_an_improper_place_is_found(text: str) -> None:
    assert improper_places(text)


def test_codes_are_found_wherever_they_are_given() -> None:
    source = """
def _code_of(check):
    return "bad_value"
raise RefusedFileError("bad_file", "why")
make_reject(code, "why"), make_reject("bad_row", "why")
receipt.outcome, receipt.code = "refused", error.code
receipt.code = "bad_end"
code = "bad_one" if x else "bad_other"
pa.Check(f, error="bad_date")
"""
    assert codes_in_source(source) == {"bad_value", "bad_file", "bad_row", "bad_end", "bad_one", "bad_other", "bad_date"}


def test_commands_are_found_in_lines_and_blocks() -> None:
    text = "Use `make run` and `.venv/bin/csp status`.\n```console\n$ make test\n```\nmake it so"
    assert commands_in(text, "make") == {"run", "test"}
    assert commands_in(text, "csp") == {"status"}
