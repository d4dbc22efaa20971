"""The languages that the page offers by name; any other may be given by its code."""

from __future__ import annotations

from types import MappingProxyType


NAMES = MappingProxyType(
    {
        "afr_Latn": "Afrikaans",
        "amh_Ethi": "Amharic",
        "arb_Arab": "Arabic",
        "hye_Armn": "Armenian",
        "ben_Beng": "Bengali",
        "bul_Cyrl": "Bulgarian",
        "mya_Mymr": "Burmese",
        "zho_Hans": "Chinese",
        "dan_Latn": "Danish",
        "nld_Latn": "Dutch",
        "eng_Latn": "English",
        "est_Latn": "Estonian",
        "fin_Latn": "Finnish",
        "fra_Latn": "French",
        "kat_Geor": "Georgian",
        "deu_Latn": "German",
        "ell_Grek": "Greek",
        "guj_Gujr": "Gujarati",
        "hau_Latn": "Hausa",
        "heb_Hebr": "Hebrew",
        "hin_Deva": "Hindi",
        "ind_Latn": "Indonesian",
        "ita_Latn": "Italian",
        "jpn_Jpan": "Japanese",
        "kor_Hang": "Korean",
        "mar_Deva": "Marathi",
        "fas_Arab": "Persian",
        "pol_Latn": "Polish",
        "por_Latn": "Portuguese",
        "pan_Guru": "Punjabi",
        "rus_Cyrl": "Russian",
        "slv_Latn": "Slovene",
        "spa_Latn": "Spanish",
        "swh_Latn": "Swahili",
        "tgl_Latn": "Tagalog",
        "tam_Taml": "Tamil",
        "tel_Telu": "Telugu",
        "tha_Thai": "Thai",
        "tur_Latn": "Turkish",
        "ukr_Cyrl": "Ukrainian",
        "urd_Arab": "Urdu",
        "vie_Latn": "Vietnamese",
        "yor_Latn": "Yoruba",
    }
)
_SCRIPTS = {
    "Arab": "Arabic",
    "Beng": "Bengali",
    "Cyrl": "Cyrillic",
    "Deva": "Devanagari",
    "Ethi": "Ethiopic",
    "Grek": "Greek",
    "Hang": "Hangul",
    "Hani": "Han",
    "Hebr": "Hebrew",
    "Hira": "Hiragana",
    "Kana": "Katakana",
    "Latn": "Latin",
    "Taml": "Tamil",
    "Telu": "Telugu",
    "Thai": "Thai",
}
_BY_LANGUAGE = {code[:3]: name for code, name in NAMES.items()} | {"ara": "Arabic", "cmn": "Chinese", "swa": "Swahili"}


def language_name(code: str) -> str:
    """What the page calls a language: its name, or its code where no name is known; the script of `und_Deva`.

    >>> language_name("hin"), language_name("und_Deva"), language_name("som_Latn"), language_name("und")
    ('Hindi', 'Devanagari script', 'som_Latn', 'unknown language')
    """
    language, _, script = code.partition("_")
    if language != "und":
        return _BY_LANGUAGE.get(language, code)
    return f"{_SCRIPTS.get(script, script)} script" if script else "unknown language"
