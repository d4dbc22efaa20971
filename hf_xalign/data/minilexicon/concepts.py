"""The concepts of the synthetic corpus and what goes with what; English words are the keys."""

from __future__ import annotations

from typing import NamedTuple

from hf_xalign.data.minilexicon.grammar import rows


TENSES = {
    "P": "past",
    "H": "habitual present",
    "G": "progressive present",
    "F": "future",
    "I": "progressive past",
    "W": "wants to",
}

WOMEN = ("Anna", "Maria", "Zofia", "Fatima", "Marta", "Oksana", "Nadia", "Amina")
MEN = ("Ahmed", "Adam", "Karim", "Viktor", "Tomasz", "Arjun", "Yusuf", "Taras")
NAMES = WOMEN + MEN

# Kind → nouns. `kin` always have an owner; food, drink and music are masses; `opening` is never counted (the Slavic
# door is plural only).
KINDS = {
    key: tuple(nouns)
    for key, *nouns in rows(
        """
        person    boy girl man woman child farmer student friend neighbour guest writer teacher doctor
        kin       brother sister mother father grandmother
        animal    dog cat horse cow bird goat
        text      book letter newspaper story poem
        thing     picture key table chair bag shirt box flower plate cup bicycle car clock ball knife
        opening   door window
        building  house bridge
        room      room
        fruit     apple orange pear egg
        food      bread rice soup fish cheese meat
        drink     water milk tea coffee juice
        media     film song
        music     music
        """
    )
}
KIND_OF = {noun: kind for kind, nouns in KINDS.items() for noun in nouns}
MASSES = frozenset(KINDS["food"] + KINDS["drink"] + KINDS["music"])
# Hindi and Urdu speak of them in the honorific plural, so that their plural would not be told from their singular.
SINGULAR_ONLY = frozenset(("teacher", "doctor", "mother", "father", "grandmother"))
SHE = frozenset((*WOMEN, "girl", "woman", "sister", "mother", "grandmother"))
COUNTS = (2, 3, 4, 5, 6, 7, 10)

_PLACE_SETS = {
    key: tuple(nouns)
    for key, *nouns in rows(
        """
        indoors   room kitchen library
        outdoors  garden park village
        town      market school shop station restaurant office
        goals     market school hospital garden park library office shop restaurant station university
        nature    field forest
        place     market school hospital garden park library office shop restaurant station village
        """
    )
}
_SETS = {**KINDS, **_PLACE_SETS, "name": NAMES, "people": (*KINDS["person"], *KINDS["kin"], *NAMES)}


def _expand(cell: str) -> tuple[str, ...]:
    return tuple(noun for item in cell.split() for noun in _SETS.get(item, [item]))


# Adjective → the kinds and nouns that it is said of. `old` is said of the living, `old_thing` of the rest: Hindi and
# Urdu have two words.
ADJECTIVES = {
    cells[0]: _expand(" ".join(cells[1:]))
    for cells in rows(
        """
        big          animal box bag table ball bicycle car house bridge room window door fruit place
        small        animal box bag table ball bicycle car house bridge room window door key knife cup place
        new          text thing media house bridge door place
        old          man woman farmer writer doctor teacher neighbour friend dog cat horse cow goat
        old_thing    text picture key table chair bag box bicycle car clock house bridge door place
        young        man woman farmer writer doctor teacher
        tall         boy girl man woman student guest
        poor         man woman farmer student neighbour
        rich         man woman farmer neighbour guest
        famous       writer doctor
        kind         man woman teacher doctor neighbour
        clever       boy girl student child
        beautiful    animal picture flower shirt cup clock song poem place
        red          bag shirt box flower plate cup bicycle car ball chair
        white        cat horse cow goat bird bag shirt box flower plate cup chair table door house
        black        dog cat horse cow goat bird bag shirt box car chair
        green        bag shirt box cup bicycle car ball door apple pear
        blue         bag shirt box plate cup bicycle car ball chair bird
        yellow       bag shirt box flower cup bicycle ball pear bird
        expensive    picture table shirt bag bicycle car clock
        cheap        chair bag shirt plate cup bicycle clock
        heavy        table box bag
        clean        plate cup shirt table window room water
        dirty        plate cup shirt table window room car ball dog
        fresh        fruit bread fish cheese meat milk juice
        tasty        soup fish cheese rice meat
        sweet        juice apple orange pear
        cold         water milk juice
        hot          water milk tea coffee soup
        interesting  text film
        long         letter story poem film song
        short        letter story poem film song
        """
    )
}
ADJECTIVES_OF: dict[str, tuple[str, ...]] = {
    noun: tuple(adjective for adjective, nouns in ADJECTIVES.items() if noun in nouns)
    for noun in dict.fromkeys(noun for nouns in ADJECTIVES.values() for noun in nouns)
}

STATES = ("tired", "hungry", "ill", "busy", "happy")


class Verb(NamedTuple):
    """What a verb is said with: tenses (letters of TENSES), objects and places (nouns), and flags.

    Flags: `living`: animals may do it; `children`: only they do; `company`: may be done with someone; `move`: the
    place is a goal or a source; `give`: has a recipient; `state`: has neither time nor place.
    """

    tenses: str
    objects: tuple[str, ...]
    places: tuple[str, ...]
    flags: frozenset[str]


VERBS = {
    verb: Verb(tenses, _expand(objects), () if places == "-" else _expand(places), frozenset(flags.split()))
    for verb, tenses, objects, places, flags in rows(
        """
        sleep  | PHGFI  |                                | room garden house hospital            | living
        work   | PHGFIW |                                | field garden library hospital town    | company
        rest   | PHGFIW |                                | outdoors room house                   |
        sing   | PHGFIW |                                | outdoors kitchen restaurant           | company
        dance  | PHGFIW |                                | outdoors restaurant room              | company
        laugh  | PHGFI  |                                | outdoors indoors shop                 |
        cry    | PHGFI  |                                | outdoors indoors station              |
        play   | PHGFIW |                                | outdoors room house                   | children company
        run    | PHGFIW |                                | nature garden park                    | living
        swim   | PHGFIW |                                | river                                 | company
        go     | PHGFIW |                                | goals nature                          | move company
        come   | PHFW   |                                | goals                                 | move company
        return | PHGFIW |                                | goals nature city village             | move company
        read   | PHGFIW | text                           | indoors garden park school            |
        write  | PHGFIW | letter story poem book         | indoors office garden                 |
        buy    | PHGFIW | text thing fruit food animal   | market shop city village              |
        sell   | PHGFIW | thing fruit food animal book   | market shop city village              |
        see    | PFW    | people animal thing            | outdoors market city station forest   |
        find   | PF     | text thing animal              | outdoors room kitchen house           |
        eat    | PHGFIW | fruit food                     | kitchen garden park restaurant        | living
        drink  | PHGFIW | drink                          | kitchen garden park restaurant office | living
        cook   | PHGFIW | soup rice fish meat egg        | kitchen restaurant garden             |
        wash   | PHGFIW | plate cup car bicycle          | kitchen garden                        |
        open   | PHGF   | opening                        | room kitchen house school library     |
        close  | PHGF   | opening                        | room kitchen house school library     |
        clean  | PHGFIW | room house                     |                                       |
        bring  | PHFW   | text thing fruit food drink    |                                       |
        repair | PGFIW  | table chair bicycle car clock  | garden village                        |
        build  | PGFIW  | building                       | city village                          |
        watch  | PHGFIW | film                           | room house school                     |
        listen | PHGFI  | music song story               | room kitchen garden park              |
        meet   | PHFW   | people                         | outdoors town city                    |
        help   | PHGFIW | people                         | field garden kitchen market shop      |
        wait   | PHGFI  | people                         | station park restaurant market        |
        look   | PHGFI  | key bag book ball clock animal | outdoors room kitchen house           |
        invite | PHFW   | people                         |                                       |
        thank  | PFW    | people                         |                                       |
        feed   | PHGFIW | animal                         | garden village field                  |
        give   | PHFW   | text thing fruit               |                                       | give
        send   | PHFW   | letter book picture newspaper  |                                       | give
        show   | PHFW   | text picture key shirt car     |                                       | give
        love   | H      | kin name                       |                                       | state
        know   | H      | people                         |                                       | state
        like   | H      | fruit drink animal media music |                                       | state
        have   | H      | thing animal newspaper house   |                                       | state
        """,
        "|",
    )
}
# What takes a clause: knows, thinks (habitual), said (past).
THAT_VERBS = {"know_that": "H", "think": "H", "say": "P"}

# Why someone did it, and why someone did not.
REASONS = {
    "sleep": ("tired", "ill"),
    "rest": ("tired", "ill"),
    "cry": ("hungry", "tired", "ill"),
    "laugh": ("happy",),
    "sing": ("happy",),
    "dance": ("happy",),
    "eat": ("hungry",),
    "cook": ("hungry",),
}
OBSTACLES = dict.fromkeys(
    _expand("work sing dance run swim go come return meet help write clean cook"), ("tired", "ill", "busy")
)

PLACES = _expand("goals nature city village kitchen room house")
# Where there is something, and what may be there.
CONTAINERS = {
    "table": _expand("book letter newspaper plate cup flower key clock knife ball fruit picture"),
    "box": _expand("book letter newspaper plate cup key clock knife ball fruit picture shirt"),
    "bag": _expand("book letter newspaper key clock ball fruit picture shirt"),
    "room": _expand("table chair box bag bicycle clock picture"),
    "garden": _expand("table chair ball bicycle animal"),
    "field": _expand("horse cow goat bird"),
}

# Time → tenses; `often` and `always` stand at the verb and go with no negation.
TIMES = {
    "yesterday": "P",
    "today": "PF",
    "tomorrow": "F",
    "now": "G",
    "every_day": "H",
    "often": "H",
    "always": "H",
    "in_the_morning": "PHF",
    "in_the_evening": "PHF",
    "at_night": "PHF",
    "last_week": "P",
    "next_week": "F",
    "on_sunday": "PF",
    "on_monday": "PF",
    "on_friday": "PF",
}
