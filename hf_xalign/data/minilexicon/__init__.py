"""Lexicon and grammar of the synthetic corpus: concepts, derivations, and one realiser a language.

A *derivation* (`derivation.py`) is drawn at random (`sampling.py`) from the concepts (`concepts.py`) and knows no
language. Each language module holds its lexicon, one concept a line, and turns the derivation into words
(`english.py`; `polish.py` and `ukrainian.py` over `slavic.py`; `hindi.py` and `urdu.py` over `hindustani.py`).

Every word is tagged with the *slots* of the derivation that it expresses; two words of two languages are aligned
where they share a slot. What follows from that:

- an English auxiliary is aligned to the word that carries the tense elsewhere, the main verb to the main verb;
- a preposition is aligned to the postposition or preposition of the same role, or, where the other language says it
  with an ending (dative, instrumental, genitive, bare oblique of the goal), to the noun with that ending;
- nominative and accusative are no such endings: Hindi and Urdu ne, and ko of a direct object, are aligned to each
  other and to nothing else;
- "the" is aligned to nothing, "a" to Hindi and Urdu "ek" where there is one;
- what one language leaves out (Slavic subject pronoun, Ukrainian present copula) leaves the other side unaligned.
"""
