"""Ukrainian words and clauses of the synthetic corpus."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType

from hf_xalign.data.minilexicon.concepts import KIND_OF
from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase
from hf_xalign.data.minilexicon.grammar import Word, pairs, tag, verb_tag
from hf_xalign.data.minilexicon.slavic import Noun, SlavicGrammar, parse_nouns, parse_places, parse_verbs


# `^` is у or в, `~` is і or й, as the neighbouring sounds ask (`Ukrainian.finish`).
# key gender nom gen dat acc ins [nom gen dat ins]; the stem ends at the dot
LIVING = """
    Anna         f   Анн.а и і у ою
    Maria        f   Марі.я ї ї ю єю
    Zofia        f   Софі.я ї ї ю єю
    Fatima       f   Фатім.а и і у ою
    Marta        f   Март.а и і у ою
    Oksana       f   Оксан.а и і у ою
    Nadia        f   Наді.я ї ї ю єю
    Amina        f   Амін.а и і у ою
    Ahmed        mp  Ахмед. а ові а ом
    Adam         mp  Адам. а ові а ом
    Karim        mp  Карім. а ові а ом
    Viktor       mp  Віктор. а ові а ом
    Tomasz       mp  Томаш. а еві а ем
    Arjun        mp  Арджун. а ові а ом
    Yusuf        mp  Юсуф. а ові а ом
    Taras        mp  Тарас. а ові а ом
    boy          mp  хлоп.ець ця цеві ця цем  ці ців цям цями
    girl         f   дівч.ина ини ині ину иною  ата ат атам атами
    man          mp  чоловік. а ові а ом  и ів ам ами
    woman        f   жін.ка ки ці ку кою  ки ок кам ками
    child        f   д.итина итини итині итину итиною  іти ітей ітям ітьми
    farmer       mp  фермер. а ові а ом  и ів ам ами
    student      mp  студент. а ові а ом  и ів ам ами
    friend       mp  дру.г га гові га гом  зі зів зям зями
    neighbour    mp  сусід. а ові а ом  и ів ам ами
    guest        mp  г.ість остя остеві остя остем  ості остей остям остями
    writer       mp  письменник. а ові а ом  и ів ам ами
    teacher      mp  ^чител.ь я еві я ем
    doctor       mp  лікар. я еві я ем
    brother      mp  брат. а ові а ом  и ів ам ами
    sister       f   сест.ра ри рі ру рою  ри ер рам рами
    mother       f   мам.а и і у ою
    father       mp  батьк.о а ові а ом
    grandmother  f   бабус.я і і ю ею
    dog          ma  п.ес са сові са сом  си сів сам сами
    cat          ma  к.іт ота отові ота отом  оти отів отам отами
    horse        ma  к.інь оня оневі оня онем  оні оней оням іньми
    cow          f   кор.ова ови ові ову овою  ови ів овам овами
    bird         ma  птах. а ові а ом  и ів ам ами
    goat         f   к.оза ози озі озу озою  ози із озам озами
"""
PAUCALS = {"girl": "дівчини"}
# key gender nom gen acc [nom gen]
THINGS = """
    book         f   книг.а и у  и -
    letter       mi  лист. а -  и ів
    newspaper    f   газет.а и у  и -
    story        n   оповіда.ння ння ння  ння нь
    poem         mi  вірш. а -  і ів
    picture      f   фотографі.я ї ю  ї й
    key          mi  ключ. а -  і ів
    table        mi  ст.іл ола іл  оли олів
    chair        mi  стіл.ець ьця ець  ьці ьців
    bag          f   сум.ка ки ку  ки ок
    shirt        f   сороч.ка ки ку  ки ок
    box          f   короб.ка ки ку  ки ок
    flower       f   квіт.ка ки ку  ки ок
    plate        f   таріл.ка ки ку  ки ок
    cup          f   чаш.ка ки ку  ки ок
    bicycle      mi  велосипед. а -  и ів
    car          f   машин.а и у  и -
    clock        mi  годинник. а -  и ів
    ball         mi  м’яч. а -  і ів
    knife        mi  н.іж ожа іж  ожі ожів
    door         pl  двер.і ей і
    window       n   вік.но на но  на он
    house        mi  будин.ок ку ок  ки ків
    bridge       mi  м.іст осту іст  ости остів
    room         f   кімнат.а и у  и -
    apple        n   яблу.ко ка ко  ка к
    orange       mi  апельсин. а -  и ів
    pear         f   груш.а і у  і -
    egg          n   я.йце йця йце  йця єць
    bread        mi  хліб. а -
    rice         mi  рис. у -
    soup         mi  суп. у -
    fish         f   риб.а и у
    cheese       mi  сир. у -
    meat         n   м’яс.о а о
    water        f   вод.а и у
    milk         n   молок.о а о
    tea          mi  ча.й ю й
    coffee       f   кав.а и у
    juice        mi  с.ік оку ік
    film         mi  фільм. у -  и ів
    song         f   піс.ня ні ню  ні ень
    music        f   музик.а и у
"""
# key gender gen acc loc at to
PLACES = """
    market       mi  рин.ку ок ку  на на
    school       f   школ.и у і  ^ до
    hospital     f   лікарн.і ю і  ^ до
    garden       mi  сад.у - у  ^ до
    park         mi  парк.у - у  ^ до
    library      f   бібліоте.ки ку ці  ^ до
    office       mi  офіс.у - і  ^ до
    shop         mi  магазин.у - і  ^ до
    restaurant   mi  ресторан.у - і  ^ до
    station      mi  вокзал.у - і  на на
    university   mi  університет.у - і  ^ до
    field        n   пол.я е і  на на
    forest       mi  л.ісу іс ісі  ^ до
    city         n   міст.а о і  ^ до
    village      n   сел.а о і  ^ до
    kitchen      f   кухн.і ю і  на на
    room         f   кімнат.и у і  ^ до
    house        mi  будин.ку ок ку  ^ до
    river        f   річ.ки ку ці  ^ до
    table        mi  ст.олу іл олі  на на
    box          f   короб.ки ку ці  ^ до
    bag          f   сум.ки ку ці  ^ до
"""
# key | habitual [, progressive] | imperfective past | past | future or + | infinitive | [preposition] case
VERBS = """
    sleep     | спить сплять              | спав | спав | + | спати |
    work      | працює працюють           | працював | працював | + | працювати |
    rest      | відпочиває відпочивають   | відпочивав | відпочивав | + | відпочивати |
    sing      | співає співають           | співав | співав | + | співати |
    dance     | танцює танцюють           | танцював | танцював | + | танцювати |
    laugh     | сміється сміються         | сміявся | сміявся | + | сміятися |
    cry       | плаче плачуть             | плакав | плакав | + | плакати |
    play      | грається граються         | грався | грався | + | гратися |
    run       | бігає бігають             | бігав | бігав | + | бігати |
    swim      | плаває плавають           | плавав | плавав | + | плавати |
    go        | ходить ходять, ~де ~дуть  | ~шов/~шла | пішов/пішла | піде підуть | піти |
    come      | приходить приходять       |  | прийшов/прийшла | прийде прийдуть | прийти |
    return    | повертається повертаються | повертався | повернувся | повернеться повернуться | повернутися |
    read      | читає читають             | читав | прочитав | прочитає прочитають | прочитати |
    write     | пише пишуть               | писав | написав | напише напишуть | написати |
    buy       | купує купують             | купував | купив | купить куплять | купити |
    sell      | продає продають           | продавав | продав | продасть продадуть | продати |
    see       | бачить бачать             |  | бачив | побачить побачать | побачити |
    find      |                           |  | знайшов/знайшла | знайде знайдуть | знайти |
    eat       | їсть їдять                | їв | з’їв | з’їсть з’їдять | з’їсти |
    drink     | п’є п’ють                 | пив | випив | вип’є вип’ють | випити |
    cook      | готує готують             | готував | приготував | приготує приготують | приготувати |
    wash      | миє миють                 | мив | помив | помиє помиють | помити |
    open      | відчиняє відчиняють       | відчиняв | відчинив | відчинить відчинять | відчинити |
    close     | зачиняє зачиняють         | зачиняв | зачинив | зачинить зачинять | зачинити |
    clean     | прибирає прибирають       | прибирав | прибрав | прибере приберуть | прибрати |
    bring     | приносить приносять       |  | приніс/принесла | принесе принесуть | принести |
    repair    | ремонтує ремонтують       | ремонтував | відремонтував | відремонтує відремонтують | відремонтувати |
    build     | будує будують             | будував | збудував | збудує збудують | збудувати |
    watch     | дивиться дивляться        | дивився | подивився | подивиться подивляться | подивитися | acc!
    listen    | слухає слухають           | слухав | слухав | + | слухати |
    meet      | зустрічає зустрічають     | зустрічав | зустрів | зустріне зустрінуть | зустріти |
    help      | допомагає допомагають     | допомагав | допоміг/допомогла | допоможе допоможуть | допомогти | dat
    wait      | чекає чекають             | чекав | чекав | + | чекати | на acc
    look      | шукає шукають             | шукав | шукав | + | шукати |
    invite    | запрошує запрошують       |  | запросив | запросить запросять | запросити |
    thank     |                           |  | подякував | подякує подякують | подякувати | dat
    feed      | годує годують             | годував | нагодував | нагодує нагодують | нагодувати |
    give      | дає дають                 |  | дав | дасть дадуть | дати |
    send      | надсилає надсилають       |  | надіслав | надішле надішлють | надіслати |
    show      | показує показують         |  | показав | покаже покажуть | показати |
    love      | любить люблять            |  |  |  |  |
    know      | знає знають               |  |  |  |  |
    like      | любить люблять            |  |  |  |  |
    have      | має мають                 |  |  |  |  |
    know_that | знає знають               |  |  |  |  |
    think     | думає думають             |  |  |  |  |
    say       |                           |  | сказав |  |  |
"""
ADJECTIVES = """
    big великий      small маленький  new новий         old старий      old_thing старий   young молодий
    tall високий     poor бідний      rich багатий      famous відомий  kind добрий        clever розумний
    beautiful гарний red червоний     white білий       black чорний    green зелений      blue синій
    yellow жовтий    expensive дорогий cheap дешевий    heavy важкий    clean чистий       dirty брудний
    fresh свіжий     tasty смачний    sweet солодкий    cold холодний   hot гарячий        interesting цікавий
    long довгий      short короткий   tired втомлений   hungry голодний ill хворий         busy зайнятий
    happy щасливий
"""
# 2-4 masculine and neuter, feminine; accusative of the living; of children
NUMERALS = {
    2: "два дві двох двоє",
    3: "три три трьох троє",
    4: "чотири чотири чотирьох четверо",
    5: "п’ять п’ять п’ятьох п’ятеро",
    6: "шість шість шістьох шестеро",
    7: "сім сім сімох семеро",
    10: "десять десять десятьох десятеро",
}
TIMES = {
    "yesterday": "^чора",
    "today": "сьогодні",
    "tomorrow": "завтра",
    "now": "зараз",
    "every_day": "щодня:+which",
    "often": "часто",
    "always": "завжди",
    "in_the_morning": "^ранці",
    "in_the_evening": "^вечері",
    "at_night": "^ночі",
    "last_week": "минулого:which_тижня",
    "next_week": "наступного:which_тижня",
    "on_sunday": "^:case_неділю",
    "on_monday": "^:case_понеділок",
    "on_friday": "^:case_п’ятницю",
}
_HARD = {
    "f": {"nom": "а", "gen": "ої", "dat": "ій", "acc": "у", "ins": "ою", "loc": "ій"},
    "pl": {"nom": "і", "gen": "их", "dat": "им", "ins": "ими", "loc": "их"},
    "m": {"nom": "ий", "gen": "ого", "dat": "ому", "ins": "им", "loc": "ому"},
    "n": {"nom": "е", "gen": "ого", "dat": "ому", "ins": "им", "loc": "ому"},
}
_SOFT = str.maketrans({"а": "я", "у": "ю", "е": "є", "и": "і"})


@cache
def decline(adjective: str, case: str, gender: str) -> str:
    """Form of an adjective: новий, нового; soft: синій, синього."""
    ending = _HARD["pl" if gender == "vir" else gender][case]
    if adjective.endswith("ій"):
        soft = ending[0].translate(_SOFT) if ending[0] != "о" else "ьо"
        ending = soft + ending[1:]
    return adjective[:-2] + ending


def past(cell: str) -> dict[str, str]:
    """`пішов/пішла`: he, she; regular forms need the first only."""
    if not cell:
        return {}
    he, _, she = cell.partition("/")
    reflexive = "ся" if he.endswith("ся") else ""
    stem = she[:-1] if she else he.removesuffix("ся")[:-1] + "л"
    forms = {"m": he, "f": stem + "а" + reflexive, "n": stem + "о" + reflexive}
    return forms | dict.fromkeys(("vir", "pl"), stem + "и" + reflexive)


class Ukrainian(SlavicGrammar):
    """Ukrainian: no copula in the present, one plural, у and в, і and й by their neighbours."""

    nouns = MappingProxyType(parse_nouns(LIVING, living=True) | parse_nouns(THINGS, living=False))
    paucals = MappingProxyType(PAUCALS)
    places = MappingProxyType(parse_places(PLACES))
    verbs = MappingProxyType(parse_verbs(VERBS, past))
    adjectives = MappingProxyType(pairs(ADJECTIVES))
    times = MappingProxyType(TIMES)
    times_before_verb = ("yesterday", "today", "tomorrow", "now", "every_day", "often", "always")
    times_after_verb = ()
    question_words = MappingProxyType(
        {"yes_no": "чи", "who": "хто", "what": "що", "where": "де", "when": "коли", "why": "чому"}
    )
    neg = "не"
    conjunction = "~"
    with_from = "з"
    be_present = ("", "")
    exist_present = ("є", "є")
    be_past = MappingProxyType({"m": "був", "f": "була", "n": "було", "vir": "були", "pl": "були"})
    will = ("буде", "будуть")
    want = ("хоче", "хочуть")
    links = MappingProxyType(
        {
            "and": "0 , а 1",
            "but": "0 , але 1",
            "when": "коли 0 , 1",
            "when_last": "1 , коли 0",
            "because": "0 , бо 1",
            "that": "0 , що 1",
        }
    )

    def adjective(self, adjective: str, case: str, gender: str) -> str:
        """See `decline`."""
        return decline(self.adjectives[adjective], case, gender)

    def numeral(self, phrase: NounPhrase, case: str) -> tuple[str, str]:
        """The living have accusatives of their own (animals to four only); children are counted collectively."""
        other, feminine, living, children = NUMERALS[phrase.count].split()
        noun = self.nouns[phrase.noun]
        person = KIND_OF[phrase.noun] == "person"
        if case == "acc" and noun.living and (person or phrase.count < 5):
            return living, "gen"
        if phrase.noun == "child":
            return children, "gen"
        return feminine if noun.gender == "f" else other, "paucal" if phrase.count < 5 else "gen"

    def counted_agreement(self, phrase: NounPhrase, existing: bool) -> str:
        """Plural, but "there is" is neuter with the genitive."""
        return "n" if existing and self.numeral(phrase, "nom")[1] == "gen" else "pl"

    def plural_accusative(self, noun: Noun) -> str:
        """Like the genitive for the living."""
        return "gen" if noun.living else "nom"

    def predicate_case(self, clause: Clause) -> str:
        """Instrumental where something was not so, else nominative."""
        return "ins" if clause.negated and clause.tense == "P" else "nom"

    def negated_object(self, noun: Noun) -> str:
        """Things turn genitive, the living may stay accusative and do so here."""
        return "acc" if noun.living else "gen"

    def absence(self, tense: str, slot: str) -> list[Word]:
        """Анни немає, Анни не було."""
        if tense == "P":
            return tag("не", slot + "neg") + verb_tag("було", slot, "verb noun aspect tense")
        return verb_tag("немає", slot, "neg verb noun aspect tense")

    def arrange(
        self, clause: Clause, subject: list[Word], verb: list[Word], rest: list[Word], slot: str
    ) -> list[Word]:
        """A question of yes or no has the (auxiliary) verb before the subject."""
        before = self.middle_time(clause, slot, self.times_before_verb)
        question = self.question_word(clause, slot)
        if clause.question == "yes_no":
            return question + verb[:1] + subject + before + verb[1:] + rest
        return question + subject + before + self.negation(clause, slot) + verb + rest

    def finish(self, words: list[Word]) -> list[Word]:
        """Euphony: у or в, і or й, з, зі or із by the sounds before and after."""
        result: list[Word] = []
        for index, word in enumerate(words):
            before = result[-1].form[-1] if result else ""
            after = words[index + 1].form if index + 1 < len(words) else ""
            form = _euphonic(word.form, before.lower(), after.lower())
            result.append(word if form == word.form else word._replace(form=form))
        return result


_VOWELS = tuple("аеєиіїоуюя")


def _euphonic(form: str, before: str, after: str) -> str:
    """`form` with its `^` or `~` resolved, or з; `before` is the last letter before it, `after` the next word."""
    after_vowel = before.endswith(_VOWELS) and before != ""
    following = form[1:] or after
    if form.startswith("^"):
        if len(form) == 1 and following.startswith(_VOWELS):
            return "в"
        clash = len(form) == 1 and following.startswith(("в", "ф", "льв", "св", "тв", "хв"))
        return ("в" if after_vowel and not clash else "у") + form[1:]
    if form.startswith("~"):
        return ("й" if after_vowel and not following.startswith(tuple("йєїюя")) else "і") + form[1:]
    if form == "з":
        if re.match("[сзшщчц][^аеєиіїоуюя]", after):
            return "зі"
        if after.startswith(tuple("сзшщчц")) or (not after_vowel and re.match("[^аеєиіїоуюя]{2}", after)):
            return "із"
    return form


GRAMMAR = Ukrainian()
