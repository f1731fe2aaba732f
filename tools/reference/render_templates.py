"""What transformers renders of real chat templates and of small ones: the truth of src/lib/formats/jinja.

    $PYTHON tools/reference/render_templates.py        # writes tests/goldens/templates/rendered.json

Needs transformers and jinja2, no torch. The templates beside it are data: see tests/goldens/README.md for their sources.
With --more FOLDER every *.jinja under it is rendered as well, to FOLDER/rendered.json, for a look at other templates.
"""

import argparse
import json
from datetime import datetime
from pathlib import Path

import transformers.utils.chat_template_utils as chat

GOLDENS = Path(__file__).resolve().parents[2] / "tests/goldens/templates"
DAY = datetime(2026, 12, 1)


class FixedDay(datetime):
    @classmethod
    def now(cls, tz=None):
        return DAY


def rendered(source: str, **variables) -> dict:
    try:
        return {"text": chat._cached_compile_jinja_template(source).render(**variables)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def with_conversations(source: str, conversations: list) -> list:
    return [
        rendered(
            source,
            messages=json.loads(json.dumps(each["messages"])),
            tools=each.get("tools"),
            documents=None,
            add_generation_prompt=each.get("prompt", False),
            bos_token="<s>",
            eos_token="</s>",
            unk_token="<unk>",
        )
        for each in conversations
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--more", type=Path)
    args = parser.parse_args()
    chat.datetime = FixedDay
    conversations = json.loads((GOLDENS / "conversations.json").read_text())
    folder = args.more or GOLDENS
    files = sorted(folder.rglob("*.jinja"))
    result = {"templates": {str(f.relative_to(folder)): with_conversations(f.read_text(), conversations) for f in files}}
    if not args.more:
        fragments = json.loads((GOLDENS / "fragments.json").read_text())
        question = [{"role": "user", "content": "q"}]
        result["fragments"] = [rendered(each, messages=question) for each in fragments]
    (folder / "rendered.json").write_text(json.dumps(result, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
