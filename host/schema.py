"""Input of a tool against the JSON Schema that its plugin registered."""

from host.errors import ToolError
from host.outcome import Json, JsonObject


def schema_problem(schema: JsonObject, value: Json) -> str | None:
    """Return what is wrong with *value* in one line, or None. A schema that is none is an error of its own."""
    import jsonschema_rs  # 60 ms, and only tool calls need it

    try:
        validator = jsonschema_rs.validator_for(schema, retriever=_refuse_references)
        problem = next(iter(validator.iter_errors(value)), None)
    except (ValueError, TypeError) as error:
        raise ToolError(
            "E_SCHEMA", f"its parameters are not a usable JSON Schema: {error}"
        ) from None
    if problem is None:
        return None
    where = "/".join(str(part) for part in problem.instance_path)
    return f"{where}: {problem.message}" if where else str(problem.message)


def _refuse_references(uri: str) -> Json:
    raise ValueError(f"a tool's schema may not refer to {uri}")
