"""The API reference as a page of our own, made from the OpenAPI document; nothing comes from elsewhere."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")
DEPTH = 3


@lru_cache(maxsize=1)
def _document() -> dict[str, Any]:
    from bitgoeul.site.api import api

    document: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(), default=str))
    return document


def about() -> dict[str, Any]:
    document = _document()
    return {"title": document["info"]["title"], "version": document["info"]["version"]}


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = _document().get("components", {}).get("schemas", {}).get(name, {})
    return found or schema


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " | ".join(_kind(part) for part in schema[several])
    if schema.get("type") == "array":
        return f"[{_kind(schema.get('items', {}))}]"
    return schema.get("format") or schema.get("type") or "any"


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    schema = _resolved(schema)
    if schema.get("type") == "array":
        schema = _resolved(schema.get("items", {}))
    required = set(schema.get("required", []))
    return [
        {
            "name": name,
            "kind": _kind(part),
            "required": name in required,
            "text": _resolved(part).get("description", "") if "$ref" not in part else "",
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _body(operation: dict[str, Any]) -> list[dict[str, Any]]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        return _fields(content.get("schema", {}))
    return []


def _answer(operation: dict[str, Any]) -> dict[str, Any]:
    for status, response in operation.get("responses", {}).items():
        if str(status).startswith("2"):
            for content in response.get("content", {}).values():
                schema = content.get("schema", {})
                return {"status": status, "kind": _kind(schema), "fields": _fields(schema)}
            return {"status": status, "kind": "", "fields": []}
    return {"status": "", "kind": "", "fields": []}


def _operation(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [
        {
            "name": p["name"],
            "kind": _kind(p.get("schema", {})),
            "place": p["in"],
            "required": p.get("required", False),
        }
        for p in operation.get("parameters", [])
    ]
    return {
        "id": operation.get("operationId", f"{method}-{path}"),
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "parameters": parameters,
        "body": _body(operation),
        "answer": _answer(operation),
    }


@lru_cache(maxsize=1)
def groups() -> list[dict[str, Any]]:
    """Operations by capability, in the order of their paths."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, item in sorted(_document().get("paths", {}).items()):
        for method in METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["hub"])[0]
                found.setdefault(tag, []).append(_operation(path, method, item[method]))
    return [{"name": name, "operations": operations} for name, operations in found.items()]
