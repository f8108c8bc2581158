"""English words by what they do in a caption: tables for sentence_clauses.py. Any other word is taken with caution."""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _forms(verb: str) -> tuple[str, ...]:
    """A verb as it stands behind many things and behind one."""
    if verb.endswith(("s", "x", "z", "ch", "sh", "o")):
        return verb, verb + "es"
    return (verb, verb[:-1] + "ies") if verb.endswith("y") and verb[-2] not in "aeiou" else (verb, verb + "s")


def _participle(verb: str) -> tuple[str, ...]:
    """With "ing", in all spellings that there may be."""
    return verb + "ing", verb[:-1] + "ing", verb + verb[-1] + "ing"


_RESTING = _set(
    "sit stand sleep run walk play smile wait rest swim fly jump graze pose relax kneel laugh dance talk chat eat "
    "drink read  work cook travel move sail drive bloom bark sing nap doze wander stroll hike climb ski surf "
    "skate shop paint write"
)
_OTHERS = _set(
    "lie look watch see show hold wear carry ride hang lean cross chase follow face lead reflect overlook cover "
    "surround contain  feature include depict display fill line frame reach stretch rise tower loom float drift "
    "fall grow lay put place set rest  swing hit kick throw catch pull push lift raise open close touch pet feed "
    "hug kiss point stare gaze glance peek hide emerge  approach enter leave pass turn bend crouch perch land "
    "roost hover glide soar dive splash spray shine glow light cast fade  blend match contrast dominate divide "
    "separate connect join meet share use make take get give bring keep let seem appear  remain become belong "
    "come go start stop begin end serve pour mix cut slice bake grill hunt fish dig plant pick gather collect "
    "build fix repair clean wash dry brush comb tie wrap pack load unload park pedal race compete score win lose "
    "cheer clap wave  greet shake dress undress await descend ascend navigate fill sniff lick bite chew gnaw "
    "nibble peer enjoy prepare celebrate  embrace occupy adorn decorate accompany support border flank span "
    "extend run curve wind lie slope flow rush crash break  burn smoke steam melt drip leak blow flutter flap "
    "spread fold unfold scatter dot mark suggest indicate create add form  illuminate highlight accent complement "
    "guard protect ignore examine inspect study observe photograph capture say spell need  want like love try "
    "help teach learn listen speak shout scream cry yawn stretch scratch roll slide slip trip crawl creep "
    "balance steer row paddle dribble pitch bat bowl serve strum drum conduct perform act type dial call text "
    "browse shop sell buy  offer trade count weigh measure cradle clutch grip grasp squeeze twist tug drag haul "
    "tow trail trot gallop leap bounce hop skip  stack lay arrange sort sweep mop rake mow water trim prune sew "
    "knit iron operate control ripple sparkle twinkle dangle tilt"
)
VERBS = frozenset(form for verb in _RESTING | _OTHERS for form in _forms(verb))
# Verbs and the like that say enough alone
RESTING = frozenset(form for verb in _RESTING for form in (*_forms(verb), *_participle(verb))) | {
    "seated",
    "parked",
    "asleep",
}
# that say too little without a place or another thing
NEEDY = frozenset(
    form
    for verb in _set(
        "put place set lay hang lean mount pin fix attach fasten tie point compare replace fill cover surround "
        "decorate separate  divide connect share dip insert position let mistake prefer substitute stick press"
    )
    for form in _forms(verb)
) - {"places", "place", "tie", "ties", "pin", "pins", "set", "sets", "point", "points"}  # fmt: skip
AUXILIARIES = _set("is are was were has have had can does do will would could may might must be been being")
DETERMINERS = _set(
    "a an the one two three four five six seven eight nine ten some several many few another other his her its "
    "their  this that  these those no any every each all both various numerous"
)
PLACES = _set(
    "with beside behind near next in on at by under over above below underneath beneath around from against among "
    "along across  inside outside through toward towards into onto past beyond amid alongside without off down up "
    "during before after opposite  within upon"
)
ADVERBS = _set("above below around behind inside outside beneath along across by over under")
RELATIVE = _set("which that who whose whom where when")
# The beginnings of what can be missing; "at a mouse" is kept from "looks" by its being no word that says enough alone
BEGINNING = (PLACES - {"off", "down", "up", "without", "before", "after"}) | RELATIVE | {"while"}
AFTER_NOUNS = PLACES | RELATIVE | _set("of to and or but for as like while")
PLURALS = _set("people men women children sheep deer fish geese mice feet cattle police")
# like a participle or a verb, and none
NOUNS = _set(
    "building buildings painting paintings ceiling evening morning clothing wedding string spring king railing "
    "lighting railings  awning siding parking clearing dressing topping frosting icing stuffing bedding sibling "
    "darling seating crossing landing  glasses scissors trousers jeans pants shorts clothes series sunglasses "
    "hundred  sacred canvas bunk gas lens bus"
)
WAITING = (
    AUXILIARIES
    | PLACES
    | RELATIVE
    | DETERMINERS
    | _set(
        "of to and or but for as like while there than very so such too not made set built hung put laid held worn "
        "drawn  bound cut  shot lit kept left seen shown given taken hidden woven spread known found caught driven "
        "ridden thrown  led fed full close  adjacent similar different front top contains contain includes include "
        "featuring features  shows show including only just  right possibly i.e e.g it"
    )
)
WAITING = WAITING - {"down", "up", "outside", "inside", "these", "those", "others"}
# With these each part of a sentence depends on the others
UNCUT = _set(
    "both between either neither each nor not no never none nothing without except only unlike instead rather "
    "than  together  respectively versus vs pair couple trio duo mix mixture combination contrast if unless "
    "although though  because whether  isn't aren't doesn't don't wasn't weren't can't cannot couldn't isn’t "
    "aren’t doesn’t don’t so  such too all"
)
ENGLISH = _set("a an the is are of with on in at and two three his her")
FOREIGN = _set(
    "der das ein eine einem einer einen und mit auf neben ist im am le la les un une et avec sur est du au dans "
    "el  los las con y  en una il di che het een met op van il lo gli de do da um uma com em os og med på ett och "
    "är na w  z i się jest"
) - {"do", "i"}
