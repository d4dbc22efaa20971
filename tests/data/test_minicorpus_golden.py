"""Sentences of the synthetic corpus checked by hand in all five languages, with their alignments."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from hf_xalign.data.minicorpus import LANGUAGES, realise
from hf_xalign.data.minilexicon.derivation import Clause, Derivation, Place
from hf_xalign.data.minilexicon.derivation import NounPhrase as N


class Golden(NamedTuple):
    """A derivation, its text in the order of LANGUAGES, alignments English-Polish, English-Hindi, Hindi-Urdu."""

    derivation: Derivation
    texts: tuple[str, ...]
    english_polish: str
    english_hindi: str
    hindi_urdu: str


GOLDEN = {
    "ergative_with_feminine_object": Golden(
        Derivation((Clause("buy", "P", (N("Anna"),), (N("book", article="a", adjective="red"),), time="yesterday"),)),
        (
            "Anna bought a red book yesterday.",
            "Anna kupiła wczoraj czerwoną książkę.",
            "Анна вчора купила червону книгу.",
            "अन्ना ने कल एक लाल किताब ख़रीदी।",
            "اینا نے کل ایک لال کتاب خریدی۔",
        ),
        "0-0 1-1 3-3 4-4 5-2 6-5",
        "0-0 1-6 2-3 3-4 4-5 5-2 6-7",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7",
    ),
    "marked_object_negated": Golden(
        Derivation(
            (Clause("see", "P", (N("boy", True, "the"),), (N("Ahmed"),), place=Place("market"), negated=True),)
        ),
        (
            "The boys did not see Ahmed in the market.",
            "Chłopcy nie widzieli Ahmeda na targu.",
            "Хлопці не бачили Ахмеда на ринку.",
            "लड़कों ने बाज़ार में अहमद को नहीं देखा।",
            "لڑکوں نے بازار میں احمد کو نہیں دیکھا۔",
        ),
        "1-0 2-2 3-1 4-2 5-3 6-4 8-5 9-6",
        "1-0 2-7 3-6 4-7 5-4 6-3 8-2 9-8",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8",
    ),
    "five_men": Golden(
        Derivation(
            (
                Clause(
                    "go", "P", (N("student", True, count=5, adjective="tall"),), place=Place("school", relation="to")
                ),
            )
        ),
        (
            "Five tall students went to the school.",
            "Pięciu wysokich studentów poszło do szkoły.",
            "П’ять високих студентів пішли до школи.",
            "पाँच लंबे छात्र स्कूल गए।",
            "پانچ لمبے طالب علم اسکول گئے۔",
        ),
        "0-0 1-1 2-2 3-3 4-4 6-5 7-6",
        "0-0 1-1 2-2 3-4 4-3 6-3 7-5",
        "0-0 1-1 2-2 2-3 3-4 4-5 5-6",
    ),
    "two_things": Golden(
        Derivation((Clause("exist", "P", (N("chair", True, count=2, adjective="old_thing"),), place=Place("room")),)),
        (
            "There were two old chairs in the room.",
            "W pokoju były dwa stare krzesła.",
            "У кімнаті були два старі стільці.",
            "कमरे में दो पुरानी कुर्सियाँ थीं।",
            "کمرے میں دو پرانی کرسیاں تھیں۔",
        ),
        "1-2 2-3 3-4 4-5 5-0 7-1 8-6",
        "1-5 2-2 3-3 4-4 5-1 7-0 8-6",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6",
    ),
    "plural_only_door": Golden(
        Derivation((Clause("close", "P", (N("Marta"),), (N("door", article="the"),), negated=True),)),
        (
            "Marta did not close the door.",
            "Marta nie zamknęła drzwi.",
            "Марта не зачинила дверей.",
            "मार्ता ने दरवाज़ा बंद नहीं किया।",
            "مارتا نے دروازہ بند نہیں کیا۔",
        ),
        "0-0 1-2 2-1 3-2 5-3 6-4",
        "0-0 1-5 2-4 3-3 3-5 5-2 6-6",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6",
    ),
    "when_and_possessor": Golden(
        Derivation(
            (
                Clause("return", "P", (N("woman", True, "the"),), place=Place("village", relation="from")),
                Clause("wait", "I", (N("sister", owner=N("Karim")),), (N("doctor", article="the"),)),
            ),
            "when",
        ),
        (
            "When the women returned from the village, Karim's sister was waiting for the doctor.",
            "Kiedy kobiety wróciły ze wsi, siostra Karima czekała na lekarza.",
            "Коли жінки повернулися із села, сестра Каріма чекала на лікаря.",
            "जब महिलाएँ गाँव से लौटीं, तब करीम की बहन डॉक्टर का इंतज़ार कर रही थी।",
            "جب عورتیں گاؤں سے لوٹیں، تو کریم کی بہن ڈاکٹر کا انتظار کر رہی تھی۔",
        ),
        "0-0 2-1 3-2 4-3 6-4 7-5 8-7 9-6 10-8 11-8 12-9 14-10 15-11",
        "0-0 0-6 2-1 3-4 4-3 6-2 7-5 8-7 8-8 9-9 10-14 10-15 11-12 11-13 12-11 14-10 15-16",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8 9-9 10-10 11-11 12-12 13-13 14-14 15-15 16-16",
    ),
    "collective_children": Golden(
        Derivation((Clause("feed", "P", (N("child", True, count=2),), (N("cat", True, "the", adjective="white"),)),)),
        (
            "Two children fed the white cats.",
            "Dwoje dzieci nakarmiło białe koty.",
            "Двоє дітей нагодували білих котів.",
            "दो बच्चों ने सफ़ेद बिल्लियों को खाना खिलाया।",
            "دو بچوں نے سفید بلیوں کو کھانا کھلایا۔",
        ),
        "0-0 1-1 2-2 4-3 5-4 6-5",
        "0-0 1-1 2-6 2-7 4-3 5-4 6-8",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8",
    ),
    "reason_and_pronoun": Golden(
        Derivation(
            (
                Clause("cook", "P", (N("Anna"), N("Maria")), (N("rice"),)),
                Clause("be", "P", (N("Anna"), N("Maria")), predicate="hungry", pronoun=True),
            ),
            "because",
        ),
        (
            "Anna and Maria cooked rice because they were hungry.",
            "Anna i Maria ugotowały ryż, ponieważ były głodne.",
            "Анна й Марія приготували рис, бо були голодні.",
            "अन्ना और मारिया ने चावल पकाया क्योंकि वे भूखी थीं।",
            "اینا اور ماریا نے چاول پکائے کیونکہ وہ بھوکی تھیں۔",
        ),
        "0-0 1-1 2-2 3-3 4-4 5-6 7-7 8-8 9-9",
        "0-0 1-1 2-2 3-5 4-4 5-6 6-7 7-9 8-8 9-10",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8 9-9 10-10",
    ),
    "dative_subject": Golden(
        Derivation(
            (
                Clause("like", "H", (N("father", owner=N("Yusuf")),), (N("milk", adjective="cold"),)),
                Clause("drink", "H", (N("girl", True, "the"),), (N("tea"),), negated=True),
            ),
            "but",
        ),
        (
            "Yusuf's father likes cold milk, but the girls do not drink tea.",
            "Ojciec Jusufa lubi zimne mleko, ale dziewczyny nie piją herbaty.",
            "Батько Юсуфа любить холодне молоко, але дівчата не п’ють чаю.",
            "यूसुफ़ के पिता को ठंडा दूध पसंद है, लेकिन लड़कियाँ चाय नहीं पीतीं।",
            "یوسف کے والد کو ٹھنڈا دودھ پسند ہے، لیکن لڑکیاں چائے نہیں پیتیں۔",
        ),
        "0-1 1-0 2-2 3-3 4-4 5-5 6-6 8-7 9-9 10-8 11-9 12-10 13-11",
        "0-0 0-1 1-2 2-6 2-7 3-4 4-5 5-8 6-9 8-10 9-13 10-12 11-13 12-11 13-14",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8 9-9 10-10 11-11 12-12 13-13 14-14",
    ),
    "who_gave": Golden(
        Derivation(
            (
                Clause(
                    "give",
                    "P",
                    (N("who"),),
                    (N("key", True, count=3),),
                    recipient=N("man", article="the", adjective="tall"),
                    question="who",
                ),
            )
        ),
        (
            "Who gave three keys to the tall man?",
            "Kto dał wysokiemu mężczyźnie trzy klucze?",
            "Хто дав високому чоловікові три ключі?",
            "किसने लंबे आदमी को तीन चाबियाँ दीं?",
            "کس نے لمبے آدمی کو تین چابیاں دیں؟",
        ),
        "0-0 1-1 2-4 3-5 4-3 6-2 7-3 8-6",
        "0-0 1-6 2-4 3-5 4-3 6-1 7-2 8-7",
        "0-0 0-1 1-2 2-3 3-4 4-5 5-6 6-7 7-8",
    ),
    "absence": Golden(
        Derivation((Clause("be", "H", (N("Viktor"),), place=Place("kitchen"), negated=True),)),
        (
            "Viktor is not in the kitchen.",
            "Wiktora nie ma w kuchni.",
            "Віктора немає на кухні.",
            "विक्टर रसोई में नहीं है।",
            "وکٹر باورچی خانے میں نہیں ہے۔",
        ),
        "0-0 1-2 2-1 3-3 5-4 6-5",
        "0-0 1-4 2-3 3-2 5-1 6-5",
        "0-0 1-1 1-2 2-3 3-4 4-5 5-6",
    ),
    "wants_to": Golden(
        Derivation((Clause("dance", "W", (N("girl", article="the", adjective="clever"),), companion=N("Taras")),)),
        (
            "The clever girl wants to dance with Taras.",
            "Mądra dziewczyna chce tańczyć z Tarasem.",
            "Розумна дівчина хоче танцювати з Тарасом.",
            "होशियार लड़की तारास के साथ नाचना चाहती है।",
            "ہوشیار لڑکی تاراس کے ساتھ ناچنا چاہتی ہے۔",
        ),
        "1-0 2-1 3-2 4-3 5-3 6-4 7-5 8-6",
        "1-0 2-1 3-6 3-7 4-5 5-5 6-3 6-4 7-2 8-8",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7 8-8",
    ),
    "two_men": Golden(
        Derivation((Clause("meet", "P", (N("man", article="the"),), (N("boy", True, count=2),)),)),
        (
            "The man met two boys.",
            "Mężczyzna spotkał dwóch chłopców.",
            "Чоловік зустрів двох хлопців.",
            "आदमी दो लड़कों से मिला।",
            "آدمی دو لڑکوں سے ملا۔",
        ),
        "1-0 2-1 3-2 4-3 5-4",
        "1-0 2-4 3-1 4-2 5-5",
        "0-0 1-1 2-2 3-3 4-4 5-5",
    ),
    "reflexive_clitic": Golden(
        Derivation((Clause("play", "F", (N("child", True, "the"),), place=Place("garden"), negated=True),)),
        (
            "The children will not play in the garden.",
            "Dzieci nie będą się bawić w ogrodzie.",
            "Діти не будуть гратися в саду.",
            "बच्चे बाग़ में नहीं खेलेंगे।",
            "بچے باغ میں نہیں کھیلیں گے۔",
        ),
        "1-0 2-2 3-1 4-3 4-4 5-5 7-6 8-7",
        "1-0 2-4 3-3 4-4 5-2 7-1 8-5",
        "0-0 1-1 2-2 3-3 4-4 4-5 5-6",
    ),
    "question": Golden(
        Derivation((Clause("listen", "G", (N("Nadia"),), (N("music"),), question="yes_no", time="now"),)),
        (
            "Is Nadia listening to music now?",
            "Czy Nadia teraz słucha muzyki?",
            "Чи слухає Надія зараз музику?",
            "क्या नादिया अभी संगीत सुन रही है?",
            "کیا نادیہ ابھی موسیقی سن رہی ہے؟",
        ),
        "0-3 1-1 2-3 3-4 4-4 5-2 6-5",
        "0-5 0-6 1-1 2-4 4-3 5-2 6-7",
        "0-0 1-1 2-2 3-3 4-4 5-5 6-6 7-7",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_texts(name):
    sentence = realise(GOLDEN[name].derivation)
    assert tuple(sentence.text(lang) for lang in LANGUAGES) == GOLDEN[name].texts


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize(
    ("pair", "field"),
    [
        (("eng_Latn", "pol_Latn"), "english_polish"),
        (("eng_Latn", "hin_Deva"), "english_hindi"),
        (("hin_Deva", "urd_Arab"), "hindi_urdu"),
    ],
)
def test_alignments(name, pair, field):
    links = realise(GOLDEN[name].derivation).alignment(*pair)
    assert " ".join(f"{i}-{j}" for i, j in links) == getattr(GOLDEN[name], field)
