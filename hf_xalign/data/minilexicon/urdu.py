"""Urdu words and spelling of the synthetic corpus."""

from __future__ import annotations

from types import MappingProxyType

from hf_xalign.data.minilexicon.grammar import pairs
from hf_xalign.data.minilexicon.hindustani import HindustaniGrammar
from hf_xalign.data.minilexicon.hindustani_lexicon import Agreement, Noun, parse_nouns, parse_verbs, pick


# key noun declension: ma (-ā or -h → -e), m, fi (-ī → -iyā̃), f (→ -ē̃); after a dot `inv`: no forms of its own;
# `hon`: takes the plural of respect; `pl`: plural only
NOUNS = """
    Anna اینا f.inv            Maria ماریا f.inv          Zofia صوفیہ f.inv          Fatima فاطمہ f.inv
    Marta مارتا f.inv          Oksana اوکسانا f.inv       Nadia نادیہ f.inv          Amina امینہ f.inv
    Ahmed احمد m.inv           Adam آدم m.inv             Karim کریم m.inv           Viktor وکٹر m.inv
    Tomasz توماش m.inv         Arjun ارجن m.inv           Yusuf یوسف m.inv           Taras تاراس m.inv
    boy لڑکا ma                girl لڑکی fi               man آدمی m                 woman عورت f
    child بچہ ma               farmer کسان m              student طالب_علم m         friend دوست m
    neighbour پڑوسی m          guest مہمان m              writer مصنف m              teacher استاد m.hon
    doctor ڈاکٹر m.hon         brother بھائی m            sister بہن f               mother ماں f.hon
    father والد m.hon          grandmother دادی f.hon     dog کتا ma                 cat بلی fi
    horse گھوڑا ma             cow گائے f                 bird پرندہ ma              goat بکری fi
    book کتاب f                letter خط m                newspaper اخبار m          story کہانی fi
    poem نظم f                 picture تصویر f            key چابی fi                table میز f
    chair کرسی fi              bag تھیلا ma               shirt قمیض f               box ڈبہ ma
    flower پھول m              plate پلیٹ f               cup پیالہ ma               bicycle سائیکل f
    car گاڑی fi                clock گھڑی fi              ball گیند f                knife چاقو m
    door دروازہ ma             window کھڑکی fi            house گھر m                bridge پل m
    room کمرہ ma               apple سیب m                orange سنگترہ ma           pear ناشپاتی fi
    egg انڈا ma                bread روٹی fi              rice چاول m.pl             soup سوپ m
    fish مچھلی fi              cheese پنیر m              meat گوشت m                water پانی m
    milk دودھ m                tea چائے f.inv             coffee کافی f.inv          juice جوس m
    film فلم f                 song گانا ma               music موسیقی f.inv         market بازار m
    school اسکول m             hospital ہسپتال m          garden باغ m               park پارک m
    library لائبریری fi        office دفتر m              shop دکان f                restaurant ریستوران m
    station اسٹیشن m           university یونیورسٹی fi    field کھیت m               forest جنگل m
    city شہر m                 village گاؤں m.inv         kitchen باورچی_خانہ ma     river دریا m.inv
"""
# key prefix[:gender] stem subject object
VERBS = """
    sleep     -            سو     -    -
    work      کام:m        کر     ne   -
    rest      آرام:m       کر     ne   -
    sing      گانا:m       گا     ne   -
    dance     -            ناچ    -    -
    laugh     -            ہنس    -    -
    cry       -            رو     -    -
    play      -            کھیل   -    -
    run       -            دوڑ    -    -
    swim      -            تیر    -    -
    go        -            جا     -    -
    come      -            آ      -    -
    return    -            لوٹ    -    -
    read      -            پڑھ    ne   ko
    write     -            لکھ    ne   ko
    buy       -            خرید   ne   -
    sell      -            بیچ    ne   -
    see       -            دیکھ   ne   ko
    find      -            مل     ko   -
    eat       -            کھا    ne   ko
    drink     -            پی     ne   ko
    cook      -            پکا    ne   ko
    wash      -            دھو    ne   ko
    open      -            کھول   ne   ko
    close     بند          کر     ne   ko
    clean     صاف          کر     ne   ko
    bring     -            لا     -    ko
    repair    ٹھیک         کر     ne   ko
    build     -            بنا    ne   ko
    watch     -            دیکھ   ne   ko
    listen    -            سن     ne   ko
    meet      -            مل     -    سے
    help      مدد:f        کر     ne   کی
    wait      انتظار:m     کر     ne   کا
    look      -            ڈھونڈ  ne   ko
    invite    دعوت:f       دے     ne   ko
    thank     شکریہ_ادا:m  کر     ne   کا
    feed      کھانا:m      کھلا   ne   ko!
    give      -            دے     ne   -
    send      -            بھیج   ne   -
    show      -            دکھا   ne   -
    love      محبت:f       کر     ne   سے
    know      -            جان    ne   ko
    like      پسند         -      ko   -
    have      -            -      have -
    know_that -            جان    ne   -
    think     -            سوچ    ne   -
    say       -            کہہ    ne   -
"""
# Those in -ā change unless marked by `=`; irregular ones give all three forms: masculine, changed, feminine.
ADJECTIVES = """
    big بڑا             small چھوٹا         new نیا/نئے/نئی       old بوڑھا             old_thing پرانا
    young نوجوان=       tall لمبا           poor غریب=            rich امیر=            famous مشہور=
    kind مہربان=        clever ہوشیار=      beautiful خوبصورت=    red لال=              white سفید=
    black کالا          green ہرا           blue نیلا             yellow پیلا           expensive مہنگا
    cheap سستا          heavy بھاری=        clean صاف=            dirty گندا            fresh تازہ=
    tasty مزیدار=       sweet میٹھا         cold ٹھنڈا            hot گرم=              interesting دلچسپ=
    long لمبا           short چھوٹا         hungry بھوکا          ill بیمار=            busy مصروف=
    happy خوش=          tired تھکا_ہوا/تھکے_ہوئے/تھکی_ہوئی
"""
NUMBERS = {2: "دو", 3: "تین", 4: "چار", 5: "پانچ", 6: "چھ", 7: "سات", 10: "دس"}
TIMES = {
    "yesterday": "کل",
    "today": "آج",
    "tomorrow": "کل",
    "now": "ابھی",
    "every_day": "روز:+which",
    "often": "اکثر",
    "always": "ہمیشہ",
    "in_the_morning": "صبح",
    "in_the_evening": "شام_کو:case",
    "at_night": "رات_کو:case",
    "last_week": "پچھلے:which_ہفتے",
    "next_week": "اگلے:which_ہفتے",
    "on_sunday": "اتوار_کو:case",
    "on_monday": "پیر_کو:case",
    "on_friday": "جمعے_کو:case",
}
# masculine singular and plural, feminine singular and plural
PERFECTIVES = {
    "کر": "کیا کیے کی کیں",
    "دے": "دیا دیے دی دیں",
    "پی": "پیا پیے پی پیں",
    "جا": "گیا گئے گئی گئیں",
    "کہہ": "کہا کہے کہی کہیں",
}
FUTURES = {"دے": "دے دیں دے دیں", "پی": "پیے پییں پیے پییں"}
PLURALS = {"گائے": ("گائیں", "گایوں")}
_VOWELS = ("ا", "و", "آ")


def decline(noun: str, declension: str) -> Noun:
    """All forms of a noun of a declension."""
    kind, _, note = declension.partition(".")
    oblique = plural = noun
    oblique_plural = noun + "وں"
    if noun in PLURALS:
        plural, oblique_plural = PLURALS[noun]
    elif note:
        oblique_plural = noun
    elif kind == "ma":
        oblique = plural = noun[:-1] + "ے"
        oblique_plural = noun[:-1] + "وں"
    elif kind == "fi":
        plural = noun + "اں"
    elif kind == "f":
        plural = noun + "یں"
    elif noun.endswith("و"):
        oblique_plural = noun + "ؤں"
    return Noun.of(kind[0], noun, oblique, plural, oblique_plural, as_plural=note in ("hon", "pl"))


class Urdu(HindustaniGrammar):
    """Urdu in Perso-Arabic letters."""

    stop = "۔"
    question_mark = "؟"
    comma = "،"
    nouns = MappingProxyType(parse_nouns(NOUNS, decline))
    verbs = MappingProxyType(parse_verbs(VERBS))
    adjectives = MappingProxyType(pairs(ADJECTIVES))
    adjective_endings = ("ے", "ی")
    numbers = MappingProxyType(NUMBERS)
    times = MappingProxyType(TIMES)
    question_words = MappingProxyType({"yes_no": "کیا", "what": "کیا", "where": "کہاں", "when": "کب", "why": "کیوں"})
    ne = "نے"
    ko = "کو"
    genitive = MappingProxyType({"m": "کا", "changed": "کے", "f": "کی"})
    at = "میں"
    on = "پر"
    from_ = "سے"
    with_ = "کے_ساتھ"
    one = "ایک"
    neg = "نہیں"
    conjunction = "اور"
    pronouns = ("وہ", "وہ")
    have = "کے_پاس"
    links = MappingProxyType(
        {
            "and": "0 اور 1",
            "but": "0 ، لیکن 1",
            "when": "جب 0 ، تو 1",
            "when_last": "جب 0 ، تو 1",
            "because": "0 کیونکہ 1",
            "that": "0 کہ 1",
        }
    )

    def who(self, marker: str) -> tuple[str, str]:
        """کون، کس نے، کس کو، کس کے پاس."""
        return ("کس", marker) if marker else ("کون", "")

    def copula(self, agreement: Agreement, past: bool) -> str:
        """ہے ہیں تھا تھے تھی تھیں."""
        return pick("تھا تھے تھی تھیں" if past else "ہے ہیں ہے ہیں", agreement)

    def perfective(self, stem: str, agreement: Agreement) -> str:
        """دیکھا، کھایا، کیا."""
        if stem in PERFECTIVES:
            return pick(PERFECTIVES[stem], agreement)
        return stem + pick("یا ئے ئی ئیں" if stem[-1] in _VOWELS else "ا ے ی یں", agreement)

    def imperfective(self, stem: str, agreement: Agreement, *, alone: bool = False) -> str:
        """دیکھتا، دیتا."""
        return _before_ending(stem) + pick("تا تے تی تیں" if alone else "تا تے تی تی", agreement)

    def continuous(self, agreement: Agreement) -> str:
        """رہا."""
        return pick("رہا رہے رہی رہی", agreement)

    def future(self, stem: str, agreement: Agreement) -> tuple[str, str]:
        """دیکھے گا، کھائے گا: two words."""
        second = pick("گا گے گی گی", agreement)
        if stem in FUTURES:
            return pick(FUTURES[stem], agreement), second
        endings = "ئے ئیں ئے ئیں" if stem[-1] in _VOWELS else "ے یں ے یں"
        return stem + pick(endings, agreement), second

    def infinitive(self, stem: str) -> str:
        """دیکھنا، دینا."""
        return _before_ending(stem) + "نا"

    def want(self, agreement: Agreement) -> str:
        """چاہتا."""
        return pick("چاہتا چاہتے چاہتی چاہتی", agreement)


def _before_ending(stem: str) -> str:
    """The stem before an ending: ے is a letter of word ends only."""
    return stem[:-1] + "ی" if stem.endswith("ے") else stem


GRAMMAR = Urdu()
