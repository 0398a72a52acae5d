"""Reading the YAML files under `sources/` with errors that name file, entry and remedy, and repeat no secret."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from csp_pipeline.errors import ConfigurationError
from csp_pipeline.partnership.entry import Entry
from csp_pipeline.partnership.pulling import SECRET_PARAMETER

File = TypeVar("File", bound=Entry)


class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML without the trap that a key given twice silently keeps only the last; parsed in C."""


def _mapping(loader: yaml.CSafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key has to be a word", key_node.start_mark)
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} is given twice", key_node.start_mark)
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


def _timestamp(loader: yaml.CSafeLoader, node: yaml.ScalarNode) -> Any:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as error:
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.value!r} is a date that does not exist ({error})", node.start_mark
        ) from error


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)

# What pydantic says in Python's words, in those of somebody who writes YAML.
MAPPING, LIST = "expected names with what belongs to each below them (`name: ...`)", "expected a list, such as [first, second]"
FOR_NONE = {MAPPING: "{}", LIST: "[]"}
IN_WORDS = {
    "extra_forbidden": "not a key known here; is it misspelt?",
    "missing": "is missing",
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "list_type": LIST,
    "tuple_type": LIST,
    "string_type": "expected text; a number, a date, yes and no have to stand in quotation marks to be text",
}


def read_configuration(path: Path, shape: type[File]) -> File:
    """Read and check one YAML file.

    Raises ConfigurationError naming the file, the entry, what was found and what was expected.
    """
    text = ""
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError as error:
        raise ConfigurationError(f"{path}: not found. Is this a sources folder? Give it with --sources.") from error
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text at byte {error.start}. Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        if mark and text.splitlines()[mark.line : mark.line + 1] and text.splitlines()[mark.line][mark.column :].startswith("\t"):
            problem = "there is a tab; indent with spaces"
        raise ConfigurationError(f"{path}{where}: not valid YAML: {problem}.") from error
    except ValueError as error:  # a number that YAML recognises and cannot make
        raise ConfigurationError(f"{path}: a value in it cannot be: {error}. Correct the number.") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path}: expected keys such as {', '.join(list(shape.model_fields)[:3])}; found none.")
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(_explain(path, error)) from error


def _explain(path: Path, error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        where = " > ".join(str(part) for part in problem["loc"]) or "the file"
        found = problem.get("input")
        # What stands at an unknown key may be a password that was meant for the environment.
        is_secret = any(SECRET_PARAMETER.search(str(part)) for part in problem["loc"][-2:])
        is_hidden = is_secret or isinstance(found, dict | list) or problem["type"] in ("missing", "extra_forbidden")
        shown = "" if is_hidden else f" (found {found!r})"
        message = IN_WORDS.get(problem["type"], problem["msg"].removeprefix("Value error, "))
        if found is None and message in FOR_NONE:
            shown = f" (found nothing; for none write {FOR_NONE[message]})"
        lines.append(f"{where}: {message}{shown}")
    return f"{path}: " + "; ".join(lines) + "."
