"""What nine languages say around figures, where Unicode's CLDR has no entry for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SIGNS = (
    "and", "plus", "equals", "at", "dot", "slash", "dash", "underscore", "number", "percent",
    "minus", "times", "divided", "less", "greater", "about", "hashtag",
)  # fmt: skip
"""Names of the signs & + = @ . / - _ # % − × ÷ < > ~ and of # before a word."""


@dataclass(frozen=True, slots=True)
class Language:
    """What is said around numbers, and abbreviations that are never said as they are written.

    Attributes:
        date: a date in words, of {day}, {month} and {year}.
        day_first: the same, where the day was written first and that is said otherwise.
        first: the ruleset for the first of a month, where the others are cardinals.
        day: the ruleset for the other days.
        clock: a time of day with minutes, and on the hour.
        to: between the ends of a range.
        year_from: years that are read in pairs begin with this one, if any are.
        year_to: and end before this one.
        signs: what signs are called, in the order of `SIGNS`.
        halves: a half, a quarter, three quarters.
        currencies: by sign, one and several, where CLDR would name the country as well.
        abbreviations: as written, as said.
    """

    date: str
    clock: tuple[str, str]
    to: str
    signs: str
    halves: tuple[str, str, str]
    currencies: Mapping[str, tuple[str, str]]
    day_first: str = ""
    first: str = ""
    day: str = ""
    year_from: int = 0
    year_to: int = 0
    abbreviations: Mapping[str, str] = field(default_factory=dict)


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        date="{month} {day}, {year}",
        day_first="the {day} of {month}, {year}",
        day="spellout-ordinal",
        clock=("{hour} {minute}", "{hour} o'clock"),
        to="to",
        signs="and|plus|equals|at|dot|slash|dash|underscore|number|percent|minus"
        "|times|divided by|less than|greater than|about|hashtag",
        halves=("a half", "a quarter", "three quarters"),
        currencies={
            "$": ("dollar", "dollars"), "US$": ("US dollar", "US dollars"),
            "£": ("pound", "pounds"), "¥": ("yen", "yen"), "₹": ("rupee", "rupees"),
            "₩": ("won", "won"), "₽": ("rouble", "roubles"), "₺": ("lira", "lira"),
            "₪": ("shekel", "shekels"), "₫": ("dong", "dong"), "₴": ("hryvnia", "hryvnias"),
        },
        year_from=1000,
        year_to=2100,
    ),
    "fr": Language(
        date="{day} {month} {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} heures {minute}", "{hour} heures"),
        to="à",
        signs="et|plus|égale|arobase|point|barre oblique|tiret|tiret bas|numéro|pour cent|moins"
        "|fois|divisé par|inférieur à|supérieur à|environ|hashtag",
        halves=("un demi", "un quart", "trois quarts"),
        currencies={"$": ("dollar", "dollars")},
        abbreviations={
            "M.": "Monsieur", "Mme": "Madame", "Mlle": "Mademoiselle", "Dr": "Docteur",
            "p. ex.": "par exemple", "etc.": "et cetera", "c.-à-d.": "c'est-à-dire",
            "av. J.-C.": "avant Jésus-Christ", "n°": "numéro",
        },
    ),
    "es": Language(
        date="{day} de {month} de {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} y {minute}", "{hour} en punto"),
        to="a",
        signs="y|más|igual a|arroba|punto|barra|guion|guion bajo|número|por ciento|menos"
        "|por|dividido por|menor que|mayor que|unos|hashtag",
        halves=("medio", "un cuarto", "tres cuartos"),
        currencies={"$": ("dólar", "dólares")},
        abbreviations={
            "Sr.": "señor", "Sra.": "señora", "Srta.": "señorita", "Dr.": "doctor", "D.": "don",
            "Dra.": "doctora", "Ud.": "usted", "Uds.": "ustedes", "p. ej.": "por ejemplo",
            "etc.": "etcétera", "EE. UU.": "Estados Unidos", "a. C.": "antes de Cristo",
        },
    ),
    "de": Language(
        date="{day} {month} {year}",
        day="spellout-ordinal-n",
        clock=("{hour} Uhr {minute}", "{hour} Uhr"),
        to="bis",
        signs="und|plus|gleich|at|Punkt|Schrägstrich|Strich|Unterstrich|Nummer|Prozent|minus"
        "|mal|geteilt durch|kleiner als|größer als|etwa|Hashtag",
        halves=("ein halb", "ein Viertel", "drei Viertel"),
        currencies={"$": ("Dollar", "Dollar")},
        year_from=1100,
        year_to=2000,
        abbreviations={
            "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt",
            "d.h.": "das heißt", "u. a.": "unter anderem", "u.a.": "unter anderem",
            "usw.": "und so weiter", "bzw.": "beziehungsweise", "ca.": "circa", "Dr.": "Doktor",
            "Prof.": "Professor", "Nr.": "Nummer", "v. Chr.": "vor Christus",
            "n. Chr.": "nach Christus", "evtl.": "eventuell", "vgl.": "vergleiche",
        },
    ),
    "it": Language(
        date="{day} {month} {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} e {minute}", "{hour} in punto"),
        to="a",
        signs="e|più|uguale|chiocciola|punto|barra|trattino|trattino basso|numero|per cento|meno"
        "|per|diviso|minore di|maggiore di|circa|hashtag",
        halves=("mezzo", "un quarto", "tre quarti"),
        currencies={"$": ("dollaro", "dollari")},
        abbreviations={
            "Sig.": "signor", "sig.": "signor", "Sig.ra": "signora", "sig.ra": "signora",
            "Dott.": "dottor", "Dott.ssa": "dottoressa",
            "Prof.": "professor", "ecc.": "eccetera", "p. es.": "per esempio",
            "a.C.": "avanti Cristo", "d.C.": "dopo Cristo",
        },
    ),
    "pt": Language(
        date="{day} de {month} de {year}",
        first="spellout-ordinal-masculine",
        clock=("{hour} e {minute}", "{hour} em ponto"),
        to="a",
        signs="e|mais|igual a|arroba|ponto|barra|traço|sublinhado|número|por cento|menos"
        "|vezes|dividido por|menor que|maior que|cerca de|hashtag",
        halves=("meio", "um quarto", "três quartos"),
        currencies={"$": ("dólar", "dólares")},
        abbreviations={
            "Sr.": "senhor", "Sra.": "senhora", "D.": "Dom", "Dr.": "doutor", "Dra.": "doutora",
            "Prof.": "professor", "p. ex.": "por exemplo", "etc.": "et cetera",
            "a.C.": "antes de Cristo", "d.C.": "depois de Cristo",
        },
    ),
    "nl": Language(
        date="{day} {month} {year}",
        clock=("{hour} uur {minute}", "{hour} uur"),
        to="tot",
        signs="en|plus|is|apenstaartje|punt|slash|streepje|liggend streepje|nummer|procent|min"
        "|keer|gedeeld door|kleiner dan|groter dan|ongeveer|hashtag",
        halves=("een half", "een kwart", "driekwart"),
        currencies={"$": ("dollar", "dollar")},
        year_from=1100,
        year_to=2000,
        abbreviations={
            "dhr.": "de heer", "Dhr.": "De heer", "mevr.": "mevrouw", "Mevr.": "Mevrouw",
            "dr.": "dokter", "prof.": "professor",
            "bijv.": "bijvoorbeeld", "bv.": "bijvoorbeeld", "d.w.z.": "dat wil zeggen",
            "enz.": "enzovoort", "o.a.": "onder andere", "ca.": "circa", "nr.": "nummer",
            "v.Chr.": "voor Christus",
        },
    ),
    "ar": Language(
        date="{day} {month} {year}",
        clock=("{hour} و {minute} دقيقة", "{hour}"),
        to="إلى",
        signs="و|زائد|يساوي|آت|نقطة|شرطة مائلة|شرطة|شرطة سفلية|رقم|بالمئة|ناقص"
        "|ضرب|على|أصغر من|أكبر من|حوالي|هاشتاغ",
        halves=("نصف", "ربع", "ثلاثة أرباع"),
        currencies={"$": ("دولار", "دولار")},
        abbreviations={"د.": "دكتور", "أ.": "أستاذ", "إلخ.": "إلى آخره", "ق.م.": "قبل الميلاد"},
    ),
    "hi": Language(
        date="{day} {month} {year}",
        clock=("{hour} बजकर {minute} मिनट", "{hour} बजे"),
        to="से",
        signs="और|धन|बराबर|ऐट|डॉट|स्लैश|डैश|अंडरस्कोर|नंबर|प्रतिशत|माइनस"
        "|गुना|बटा|से कम|से ज़्यादा|लगभग|हैशटैग",
        halves=("आधा", "चौथाई", "तीन चौथाई"),
        currencies={"$": ("डॉलर", "डॉलर")},
        abbreviations={"डॉ.": "डॉक्टर", "श्री.": "श्री", "ई.पू.": "ईसा पूर्व", "प्रो.": "प्रोफ़ेसर"},
    ),
}  # fmt: skip
