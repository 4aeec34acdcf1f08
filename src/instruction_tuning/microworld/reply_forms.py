"""The teacher's replies in the form that a request asks for: a JSON schema in its `response_format`.

What the schema calls `rating` the teacher says on a line `Rating: 8`. A number or a yes that it does not say
stays unsaid: then the reply is as it was, and does not fit, as a model's may not.
"""

import json
import re
from typing import Any

_REASON = "So it looks from here."


def formed(reply: str, response_format: dict[str, Any] | None) -> str:
    """`reply` as JSON of the schema's properties; as it is without a schema, or where one is not said."""
    if not response_format or response_format.get("type") != "json_schema":
        return reply
    said: dict[str, Any] = {}
    for name, form in response_format["json_schema"]["schema"]["properties"].items():
        if form["type"] == "string":
            said[name] = _REASON
            continue
        found = re.search(rf"^{re.escape(name)}: *(\w+)", reply, re.IGNORECASE | re.MULTILINE)
        if found is None:
            return reply
        said[name] = found[1] == "yes" if form["type"] == "boolean" else int(found[1])
    return json.dumps(said)
