"""The skills of the microworld, one module an ability."""

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills.arithmetic import ARITHMETIC
from instruction_tuning.microworld.skills.extraction import EXTRACTION
from instruction_tuning.microworld.skills.facts import FACTS
from instruction_tuning.microworld.skills.strings_and_lists import STRINGS_AND_LISTS
from instruction_tuning.microworld.skills.translation import TRANSLATION

SKILLS: tuple[Skill, ...] = (*FACTS, *ARITHMETIC, *STRINGS_AND_LISTS, *EXTRACTION, *TRANSLATION)
ABILITIES = ("facts", "arithmetic", "strings_and_lists", "extraction", "translation")
