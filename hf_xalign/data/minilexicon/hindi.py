"""Hindi words and spelling of the synthetic corpus."""

from __future__ import annotations

from types import MappingProxyType

from hf_xalign.data.minilexicon.grammar import pairs
from hf_xalign.data.minilexicon.hindustani import HindustaniGrammar
from hf_xalign.data.minilexicon.hindustani_lexicon import Agreement, Noun, parse_nouns, parse_verbs, pick


# key noun class: ma (-ā → -e), m, fi (-ī → -iyā̃), fa (-ā → -āē̃), f (→ -ē̃); `inv` in place of m and f: no forms of
# its own; `hon`: takes the plural of respect
NOUNS = """
    Anna अन्ना f.inv           Maria मारिया f.inv       Zofia सोफ़िया f.inv      Fatima फ़ातिमा f.inv
    Marta मार्ता f.inv          Oksana ओक्साना f.inv     Nadia नादिया f.inv      Amina अमीना f.inv
    Ahmed अहमद m.inv          Adam आदम m.inv          Karim करीम m.inv        Viktor विक्टर m.inv
    Tomasz तोमाश m.inv         Arjun अर्जुन m.inv        Yusuf यूसुफ़ m.inv       Taras तारास m.inv
    boy लड़का ma               girl लड़की fi            man आदमी m             woman महिला fa
    child बच्चा ma             farmer किसान m          student छात्र m         friend दोस्त m
    neighbour पड़ोसी m         guest मेहमान m          writer लेखक m          teacher शिक्षक m.hon
    doctor डॉक्टर m.hon       brother भाई m           sister बहन f           mother माँ f.hon
    father पिता m.hon         grandmother दादी f.hon  dog कुत्ता ma           cat बिल्ली fi
    horse घोड़ा ma             cow गाय f               bird पक्षी m            goat बकरी fi
    book किताब f              letter पत्र m           newspaper अख़बार m      story कहानी fi
    poem कविता fa             picture तस्वीर f        key चाबी fi            table मेज़ f
    chair कुर्सी fi            bag थैला ma             shirt क़मीज़ f          box डिब्बा ma
    flower फूल m              plate प्लेट f            cup प्याला ma          bicycle साइकिल f
    car गाड़ी fi               clock घड़ी fi           ball गेंद f             knife चाकू m
    door दरवाज़ा ma            window खिड़की fi        house घर m             bridge पुल m
    room कमरा ma              apple सेब m             orange संतरा ma        pear नाशपाती fi
    egg अंडा ma               bread रोटी fi           rice चावल m            soup सूप m
    fish मछली fi              cheese पनीर m           meat मांस m            water पानी m
    milk दूध m                tea चाय f               coffee कॉफ़ी fi         juice जूस m
    film फ़िल्म f              song गाना ma            music संगीत m          market बाज़ार m
    school स्कूल m             hospital अस्पताल m      garden बाग़ m          park पार्क m
    library पुस्तकालय m        office दफ़्तर m         shop दुकान f           restaurant रेस्तराँ m.inv
    station स्टेशन m           university विश्वविद्यालय m field खेत m         forest जंगल m
    city शहर m                village गाँव m          kitchen रसोई f.inv      river नदी fi
"""
# key prefix[:gender] stem subject object
VERBS = """
    sleep     -          सो    -    -
    work      काम:m      कर    ne   -
    rest      आराम:m     कर    ne   -
    sing      गाना:m     गा    ne   -
    dance     -          नाच   -    -
    laugh     -          हँस   -    -
    cry       -          रो    -    -
    play      -          खेल   -    -
    run       -          दौड़   -    -
    swim      -          तैर   -    -
    go        -          जा    -    -
    come      -          आ     -    -
    return    -          लौट   -    -
    read      -          पढ़    ne   ko
    write     -          लिख   ne   ko
    buy       -          ख़रीद  ne   -
    sell      -          बेच   ne   -
    see       -          देख   ne   ko
    find      -          मिल   ko   -
    eat       -          खा    ne   ko
    drink     -          पी    ne   ko
    cook      -          पका   ne   ko
    wash      -          धो    ne   ko
    open      -          खोल   ne   ko
    close     बंद        कर    ne   ko
    clean     साफ़       कर    ne   ko
    bring     -          ला    -    ko
    repair    ठीक        कर    ne   ko
    build     -          बना   ne   ko
    watch     -          देख   ne   ko
    listen    -          सुन   ne   ko
    meet      -          मिल   -    से
    help      मदद:f      कर    ne   की
    wait      इंतज़ार:m  कर    ne   का
    look      -          ढूँढ   ne   ko
    invite    आमंत्रित    कर    ne   ko
    thank     धन्यवाद:m  दे    ne   ko
    feed      खाना:m     खिला  ne   ko!
    give      -          दे    ne   -
    send      -          भेज   ne   -
    show      -          दिखा  ne   -
    love      प्यार:m     कर    ne   से
    know      -          जान   ne   ko
    like      पसंद       -     ko   -
    have      -          -     have -
    know_that -          जान   ne   -
    think     -          सोच   ne   -
    say       -          कह    ne   -
"""
# Those in -ā change unless marked by `=`; irregular ones give all three forms: masculine, changed, feminine.
ADJECTIVES = """
    big बड़ा            small छोटा         new नया/नए/नई       old बूढ़ा            old_thing पुराना
    young युवा=          tall लंबा          poor ग़रीब=         rich अमीर=          famous प्रसिद्ध=
    kind दयालु=        clever होशियार=    beautiful सुंदर=    red लाल=            white सफ़ेद=
    black काला         green हरा          blue नीला          yellow पीला         expensive महँगा
    cheap सस्ता         heavy भारी=        clean साफ़=         dirty गंदा          fresh ताज़ा
    tasty स्वादिष्ट=     sweet मीठा         cold ठंडा          hot गर्म=            interesting दिलचस्प=
    long लंबा          short छोटा         hungry भूखा        ill बीमार=          busy व्यस्त=
    happy ख़ुश=         tired थका_हुआ/थके_हुए/थकी_हुई
"""
NUMBERS = {2: "दो", 3: "तीन", 4: "चार", 5: "पाँच", 6: "छह", 7: "सात", 10: "दस"}
TIMES = {
    "yesterday": "कल",
    "today": "आज",
    "tomorrow": "कल",
    "now": "अभी",
    "every_day": "रोज़:+which",
    "often": "अक्सर",
    "always": "हमेशा",
    "in_the_morning": "सुबह",
    "in_the_evening": "शाम_को:case",
    "at_night": "रात_को:case",
    "last_week": "पिछले:which_सप्ताह",
    "next_week": "अगले:which_सप्ताह",
    "on_sunday": "रविवार_को:case",
    "on_monday": "सोमवार_को:case",
    "on_friday": "शुक्रवार_को:case",
}
# masculine singular and plural, feminine singular and plural
PERFECTIVES = {"कर": "किया किए की कीं", "दे": "दिया दिए दी दीं", "पी": "पिया पिए पी पीं", "जा": "गया गए गई गईं"}
FUTURES = {"दे": "देगा देंगे देगी देंगी", "पी": "पिएगा पिएँगे पिएगी पिएँगी"}
_VOWELS = ("ा", "ो", "आ")


def decline(noun: str, declension: str) -> Noun:
    """All forms of a noun of a declension."""
    kind, _, note = declension.partition(".")
    oblique = plural = noun
    oblique_plural = noun + "ों"
    if note:
        oblique_plural = noun
    elif kind == "ma":
        oblique = plural = noun[:-1] + "े"
        oblique_plural = noun[:-1] + "ों"
    elif kind == "fi":
        plural, oblique_plural = noun[:-1] + "ियाँ", noun[:-1] + "ियों"
    elif kind == "fa":
        plural, oblique_plural = noun + "एँ", noun + "ओं"
    elif kind == "f":
        plural = noun + "ें"
    else:
        for last, before_ending in (("ी", "ियों"), ("ई", "इयों"), ("ू", "ुओं")):
            if noun.endswith(last):
                oblique_plural = noun[:-1] + before_ending
    return Noun.of(kind[0], noun, oblique, plural, oblique_plural, as_plural=note == "hon")


class Hindi(HindustaniGrammar):
    """Hindi in Devanagari."""

    stop = "।"
    nouns = MappingProxyType(parse_nouns(NOUNS, decline))
    verbs = MappingProxyType(parse_verbs(VERBS))
    adjectives = MappingProxyType(pairs(ADJECTIVES))
    adjective_endings = ("े", "ी")
    numbers = MappingProxyType(NUMBERS)
    times = MappingProxyType(TIMES)
    question_words = MappingProxyType({"yes_no": "क्या", "what": "क्या", "where": "कहाँ", "when": "कब", "why": "क्यों"})
    ne = "ने"
    ko = "को"
    genitive = MappingProxyType({"m": "का", "changed": "के", "f": "की"})
    at = "में"
    on = "पर"
    from_ = "से"
    with_ = "के_साथ"
    one = "एक"
    neg = "नहीं"
    conjunction = "और"
    pronouns = ("वह", "वे")
    have = "के_पास"
    links = MappingProxyType(
        {
            "and": "0 और 1",
            "but": "0 , लेकिन 1",
            "when": "जब 0 , तब 1",
            "when_last": "जब 0 , तब 1",
            "because": "0 क्योंकि 1",
            "that": "0 कि 1",
        }
    )

    def who(self, marker: str) -> tuple[str, str]:
        """कौन, किसने, किसको; किसके पास."""
        if not marker:
            return "कौन", ""
        first, _, rest = marker.partition("_")
        return "किस" + first, rest

    def copula(self, agreement: Agreement, past: bool) -> str:
        """है हैं था थे थी थीं."""
        return pick("था थे थी थीं" if past else "है हैं है हैं", agreement)

    def perfective(self, stem: str, agreement: Agreement) -> str:
        """देखा, खाया, किया."""
        if stem in PERFECTIVES:
            return pick(PERFECTIVES[stem], agreement)
        return stem + pick("या ए ई ईं" if stem[-1] in _VOWELS else "ा े ी ीं", agreement)

    def imperfective(self, stem: str, agreement: Agreement, *, alone: bool = False) -> str:
        """देखता."""
        return stem + pick("ता ते ती तीं" if alone else "ता ते ती ती", agreement)

    def continuous(self, agreement: Agreement) -> str:
        """रहा."""
        return pick("रहा रहे रही रही", agreement)

    def future(self, stem: str, agreement: Agreement) -> tuple[str, str]:
        """देखेगा, खाएगा: one word."""
        if stem in FUTURES:
            return pick(FUTURES[stem], agreement), ""
        endings = "एगा एँगे एगी एँगी" if stem[-1] in _VOWELS else "ेगा ेंगे ेगी ेंगी"
        return stem + pick(endings, agreement), ""

    def infinitive(self, stem: str) -> str:
        """देखना."""
        return stem + "ना"

    def want(self, agreement: Agreement) -> str:
        """चाहता."""
        return pick("चाहता चाहते चाहती चाहती", agreement)


GRAMMAR = Hindi()
