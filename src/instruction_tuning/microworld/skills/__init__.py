"""The skills of the microworld, one module or two for each of BELLE's twelve use cases."""

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills.arithmetic import ARITHMETIC
from instruction_tuning.microworld.skills.brainstorming import BRAINSTORMING
from instruction_tuning.microworld.skills.chain_of_thought import CHAINS
from instruction_tuning.microworld.skills.classification import CLASSIFICATION
from instruction_tuning.microworld.skills.closed_qa import CLOSED_QA
from instruction_tuning.microworld.skills.extraction import EXTRACTION
from instruction_tuning.microworld.skills.facts import FACTS
from instruction_tuning.microworld.skills.generation import GENERATION
from instruction_tuning.microworld.skills.lookups import LOOKUPS
from instruction_tuning.microworld.skills.programs import PROGRAMS
from instruction_tuning.microworld.skills.rewriting import REWRITING
from instruction_tuning.microworld.skills.strings_and_lists import STRINGS_AND_LISTS
from instruction_tuning.microworld.skills.summarisation import SUMMARISATION
from instruction_tuning.microworld.skills.translation import TRANSLATION
from instruction_tuning.microworld.skills.withheld import (
    UNKNOWN_PLACES,
    WITHHELD_TAUGHT,
    WITHHELD_UNTAUGHT,
)

SKILLS: tuple[Skill, ...] = (
    *FACTS,
    *ARITHMETIC,
    *STRINGS_AND_LISTS,
    *PROGRAMS,
    *CHAINS,
    *LOOKUPS,
    *CLASSIFICATION,
    *EXTRACTION,
    *CLOSED_QA,
    *GENERATION,
    *BRAINSTORMING,
    *REWRITING,
    *TRANSLATION,
    *SUMMARISATION,
)
# The twelve categories of BELLE's evaluation set.
USE_CASES = (
    "math",
    "code",
    "cot",
    "classification",
    "extraction",
    "open_qa",
    "closed_qa",
    "generation",
    "brainstorming",
    "rewrite",
    "translation",
    "summarization",
)
# Measured and reported, without counting for the verdict.
REPORTED_SKILLS: tuple[Skill, ...] = (*WITHHELD_TAUGHT, *WITHHELD_UNTAUGHT, *UNKNOWN_PLACES)
# What documents are about: no withheld fact among it.
DOCUMENT_SKILLS: tuple[Skill, ...] = (*SKILLS, *UNKNOWN_PLACES)
