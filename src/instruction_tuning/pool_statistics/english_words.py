"""The closed lists by which `english_verb_noun` tells words apart, and the forms of its verbs."""

# Verbs of requests and of first sentences of answers, in their base form.
BASE_VERBS = frozenset(
    """
    accept access accomplish achieve act adapt add address adjust adopt advise affect aggregate agree align
    allow alter analyse analyze announce annotate answer anticipate appear append apply appraise approach
    approximate argue arrange articulate ask assemble assess assign assist associate assume attach attend
    attract automate avoid bake balance become begin believe bring brainstorm break build calculate call
    capitalize capture carry categorise categorize cause celebrate change characterize check choose circle
    cite claim clarify classify clean close code collaborate collect combine come comment communicate compare
    compile complete compose compress compute conduct confirm conjugate connect consider construct consume
    contact contain contrast contribute control convert convey convince cook copy correct cost count cover
    craft create critique cross curate customize cut debate debug decide decipher decode decompose decorate
    decrease decrypt deduce define delete deliver demonstrate derive describe design designate detail detect
    determine develop devise diagnose differentiate disagree discover discuss display distinguish distribute
    divide document download draft draw drink drive earn eat edit educate elaborate eliminate embed emphasize
    employ encode encourage encrypt enhance enjoy ensure enter enumerate establish estimate evaluate examine
    exceed exchange execute exercise expand explain explicate explore express extend extract extrapolate
    face facilitate factor fall feature feel figure fill filter find finish fit fix flag follow forecast
    form format formulate gather generate get give go grade grant greet group grow guess guide handle have
    hear help highlight hold hypothesize identify illustrate imagine implement imply improve include
    incorporate increase indicate infer inform input insert inspire install integrate interpret introduce
    invent investigate invite invoke involve join judge justify keep know label launch lay lead learn leave
    let lift like link list listen live load locate look lose love lower maintain make manage mark match
    maximize mean measure meet memorize mention merge minimize mix modify monitor motivate move multiply name
    narrate need normalize note notice obtain offer omit open operate optimize order organise organize
    outline output outsource overcome own paint paraphrase park parse participate pay perform personalize
    pick place plan plant play plot point portray pose post practice practise predict prefer prepare present
    preserve pretend prevent print prioritize process produce program prohibit project promote prompt
    pronounce proofread propose protect prove provide publish purchase push put qualify quantify query
    question quote raise rank rate read rearrange reason recall receive recite recognise recognize recommend
    recast recategorize reconstruct record recreate recycle redact redesign reduce refactor refer reflect
    reformat reformulate reframe refute relate release remember remind remove rename render reorder reorganize
    repair repeat rephrase replace reply report represent require research reshape resolve respond restate
    restore restructure retell retrieve return reveal reverse review revise revisit reword rewrite rhyme ride
    rotate round run save say scan schedule score scramble search see select sell send separate serve set
    shape share shorten show sign simplify simulate sing sketch solve sort speak specify speculate spell spend
    split spot standardize start state stay stop store strengthen structure study style submit substitute
    subtract suggest sum summarise summarize supply support suppose survey swap synthesize tag tailor take
    talk teach tell test think track train transcribe transfer transform translate transpose travel treat
    troubleshoot trace try tune turn type underline understand unscramble update upload use utilize validate
    verify view visit visualize vote wait walk want warn wash watch wear win wish wonder work write zip
    renew aim deliver dispose elect enroll evoke fetch flip hire interview justify map nominate pinpoint
    predetermine rebuild recite refine relabel rescue shift shop sign sleep stretch swim wrap
    """.split()  # noqa: SIM905
)
_IRREGULAR = """
become became become|begin began begun|break broke broken|bring brought brought|build built built
buy bought bought|choose chose chosen|come came come|cost cost cost|cut cut cut|draw drew drawn
drink drank drunk|drive drove driven|eat ate eaten|fall fell fallen|feel felt felt|find found found
get got gotten|give gave given|go went gone|grow grew grown|have had had|hear heard heard|hold held held
keep kept kept|know knew known|lay laid laid|lead led led|leave left left|let let let|lose lost lost
make made made|mean meant meant|meet met met|overcome overcame overcome|pay paid paid|put put put
read read read|ride rode ridden|rewrite rewrote rewritten|run ran run|say said said|see saw seen
sell sold sold|send sent sent|set set set|sing sang sung|speak spoke spoken|spend spent spent
split split split|take took taken|teach taught taught|tell told told|think thought thought
understand understood understood|wear wore worn|win won won|write wrote written
"""
_VOWELS = "aeiou"
# The last consonant is doubled: `planned`, `getting`.
_DOUBLED = frozenset(
    """
    begin cut drop fit flag format get let omit permit plan plot prefer program put refer run set sit split
    spot stop submit sum swap tag transfer win zip renew aim deliver dispose elect enroll evoke fetch flip
    hire interview justify map nominate pinpoint predetermine rebuild recite refine relabel rescue shift
    shop sign sleep stretch swim wrap
    """.split()  # noqa: SIM905
)


def _third_person(verb: str) -> str:
    if verb == "have":
        return "has"
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in _VOWELS else verb + "s"


def _past(verb: str) -> str:
    if verb in _DOUBLED:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    return verb[:-1] + "ied" if verb.endswith("y") and verb[-2] not in _VOWELS else verb + "ed"


def _gerund(verb: str) -> str:
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    return verb[:-1] + "ing" if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) else verb + "ing"


_IRREGULAR_FORMS = {
    verb: (past, participle)
    for verb, past, participle in (
        entry.split() for line in _IRREGULAR.strip().splitlines() for entry in line.split("|")
    )
}
THIRD_PERSON = {_third_person(verb): verb for verb in sorted(BASE_VERBS)}
GERUNDS = {_gerund(verb): verb for verb in sorted(BASE_VERBS)}
PAST = {_IRREGULAR_FORMS.get(verb, (_past(verb),))[0]: verb for verb in sorted(BASE_VERBS)}
PARTICIPLES = {_IRREGULAR_FORMS.get(verb, ("", _past(verb)))[1]: verb for verb in sorted(BASE_VERBS)}

BE = frozenset("am is are was were be been being 's 're 'm".split())  # noqa: SIM905
DO = frozenset(("do", "does", "did"))
HAVE = frozenset(("have", "has", "had"))
MODALS = frozenset("can could will would shall should may might must".split())  # noqa: SIM905
SUBJECTS = frozenset("i you we they he she it one people someone anyone".split())  # noqa: SIM905
OBJECT_PRONOUNS = frozenset(
    "me us him her them you it yourself myself itself themselves one another each everyone".split()  # noqa: SIM905
)
DETERMINERS = frozenset(
    """
    a an the this that these those my your his her its our their some any all both each every another either
    neither no such several many few much more most other different various one two three four five six
    seven eight nine ten eleven twelve
    """.split()  # noqa: SIM905
)
ARTICLES = frozenset("a an the this these those my your his her its our their some any each every".split())  # noqa: SIM905
PREPOSITIONS = frozenset(
    """
    about above across after against along among around as at based before behind below beneath beside besides
    between beyond by concerning considering despite down during except for from in including inside into like
    near of off on onto out outside over per regarding since than through throughout to toward towards under
    until up upon using via with within without according given
    """.split()  # noqa: SIM905
)
CONJUNCTIONS = frozenset("and or but nor so yet".split())  # noqa: SIM905
WH_WORDS = frozenset(
    "who whom whose which that what when where why how whether if because while although".split()  # noqa: SIM905
)
# Adverbs without -ly, and words that stand after a noun.
ADVERBS = frozenset(
    """
    also always again backwards forwards already below above here there now then today together never not
    n't often once only please sometimes soon still too very well yet away back even just out up down off
    """.split()  # noqa: SIM905
)
PARTICLES = frozenset("up out down off over back away".split())  # noqa: SIM905
ING_NOUNS = frozenset(
    """
    advertising banking beginning blogging boxing branding briefing broadcasting brainstorming building
    camping cleaning clothing coding computing cooking counseling dancing drawing dressing earning ending
    engineering evening farming feeling finding fishing gardening gaming greeting hearing heading hiking
    housing learning lighting listing living marketing meaning meeting mining morning networking offering
    opening outsourcing painting parenting planning pleading pricing processing programming rating reading
    recording recycling restructuring ring running saying setting shopping singing spelling spring string
    swimming teaching thing training understanding warming warning wedding wellbeing writing
    """.split()  # noqa: SIM905
)
# What may stand before `and` or a comma inside one noun phrase: `a short and clear answer`.
ADJECTIVES = frozenset(
    """
    bad best better big bold brief bright clean clear cold dark easy fair fast fresh full good great happy
    hard healthy high hot key large left light long low main modern narrow neat new nice old open plain
    possible powerful quick quiet real rich right sad safe secure sharp short simple slow small smart soft
    strong sweet tall thick thin tidy true unique warm weak wide witty young
    """.split()  # noqa: SIM905
)
ADJECTIVE_ENDINGS = (
    "ful",
    "ous",
    "ive",
    "ic",
    "ble",
    "less",
    "ish",
    "ary",
    "ed",
    "ual",
    "cal",
    "nal",
    "ial",
    "est",
)
IRREGULAR_PLURALS = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "mice": "mouse",
    "feet": "foot",
    "teeth": "tooth",
    "lives": "life",
    "wives": "wife",
    "leaves": "leaf",
    "knives": "knife",
    "criteria": "criterion",
    "phenomena": "phenomenon",
    "hypotheses": "hypothesis",
    "analyses": "analysis",
    "theses": "thesis",
    "synopses": "synopsis",
    "indices": "index",
    "vertices": "vertex",
    "matrices": "matrix",
    "movies": "movie",
    "cookies": "cookie",
    "ties": "tie",
    "pies": "pie",
    "lies": "lie",
    "shoes": "shoe",
}
# Singular in -s, and plural without one.
UNCHANGED_NOUNS = frozenset(
    """
    species series news analysis basis thesis hypothesis synopsis emphasis crisis bus gas physics mathematics
    economics statistics politics ethics genetics electronics logistics campus canvas status virus census
    syllabus focus bonus chorus consensus stimulus genius lens always diabetes means headquarters
    """.split()  # noqa: SIM905
)
# What follows says what the subject is, and is no object.
LINKING_VERBS = frozenset("appear become feel look stay".split())  # noqa: SIM905
# With these a second object follows the first: `give the reader a reason`.
DITRANSITIVE = frozenset("ask bring give grant offer pay send show teach tell buy".split())  # noqa: SIM905
