"""What a row says of itself beside its texts: category, licence, language, the id that it had, a system
prompt."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Part, Turn, shown
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import is_encodable, printable
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.text_repair import repair

CATEGORIES = ("category", "task", "task_name")
LICENCES = ("licence", "license")
LANGUAGES = ("language", "lang")
IDS = ("id", "_id", "uid", "uuid", "idx", "question_id", "conversation_id", "prompt_id", "task_id")
SYSTEM_PROMPTS = ("system", "system_prompt")

# ISO 639-1, and the names that data sets write out. A "language" such as Python is none of these.
_CODES = (
    " aa ab af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz"
    " ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig"
    " ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg"
    " mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn"
    " ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt"
    " tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
    " "
)
_NAMES = {
    "english": "en",
    "eng": "en",
    "chinese": "zh",
    "mandarin": "zh",
    "zho": "zh",
    "cmn": "zh",
    "中文": "zh",
    "french": "fr",
    "german": "de",
    "spanish": "es",
    "portuguese": "pt",
    "italian": "it",
    "russian": "ru",
    "japanese": "ja",
    "korean": "ko",
    "arabic": "ar",
    "hindi": "hi",
    "vietnamese": "vi",
    "indonesian": "id",
    "turkish": "tr",
    "polish": "pl",
    "dutch": "nl",
}


def clean_label(fields: Mapping[str, object], names: tuple[str, ...], repairs: list[Repair]) -> str | None:
    """The text in the first of `names` that has one; a value that is no text is dropped, as a repair."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and is_encodable(value):
            return repair(value)[0] or None
        if value is not None:
            repairs.append(_dropped(name, names[0], value))
    return None


def clean_id(fields: Mapping[str, object], repairs: list[Repair]) -> str | None:
    """As `clean_label` for the first of `IDS` that the row has, where a whole number is an id, too."""
    name = next((name for name in IDS if fields.get(name) is not None), None)
    if name is None:
        return None
    value = fields[name]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 128:
        return str(value)
    return clean_label(fields, (name,), repairs)


def stated_language(fields: Mapping[str, object]) -> str | None:
    """The two letters of the language that the row names; null where it names none that is known."""
    for name in LANGUAGES:
        value = fields.get(name)
        if isinstance(value, str):
            said = value.strip().casefold()
            code = said.replace("_", "-").partition("-")[0]
            found = _NAMES.get(said) or _NAMES.get(code) or (code if _is_code(code) else None)
            if found:
                return found
    return None


def with_system_prompt(fields: Mapping[str, object], turns: tuple[Turn, ...]) -> tuple[Turn, ...] | Fault:
    """The turns behind the row's system prompt, if it has one beside them."""
    if turns[0].role == "system":
        return turns
    for name in SYSTEM_PROMPTS:
        value = fields.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            return Fault("wrong_type", name, shown(value))
        return (Turn("system", (Part(name, value),)), *turns)
    return turns


def _is_code(text: str) -> bool:
    return len(text) == 2 and f" {text} " in _CODES


def _dropped(field: str, label: str, value: object) -> Repair:
    return Repair(field, (f"{label}_dropped",), printable(_as_text(value)))


def _as_text(value: object) -> str:
    try:
        return str(value)
    except (ValueError, RecursionError):  # a whole number of thousands of digits, or nested without end
        return type(value).__name__
