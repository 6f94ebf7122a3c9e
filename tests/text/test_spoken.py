import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podgen.text.lexicon import Lexicon
from podgen.text.markdown import plain
from podgen.text.silence import is_silent
from podgen.text.spoken import Spoken
from podgen.text.spoken import spoken as in_language


def spoken(text: str, *lexicons: Lexicon, ipa: bool = True) -> Spoken:
    return in_language(text, *lexicons, language="ja", ipa=ipa)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("**Hello** _there_, *you*.", "Hello there, you."),
        ("***both*** and __init__", "both and init"),
        ('**Note:** it is "*fine*".', 'Note: it is "fine".'),
        ("un*frigging*believable", "unfriggingbelievable"),
        ("a ~~struck~~ word", "a struck word"),
        ("see [the site](https://x.y/z(1)) and ![a cat](c.png)!", "see the site and a cat!"),
        ("[label][ref] and [^1] note[^2].\n\n[ref]: https://x.y", "label and note."),
        ("# Title\nSome `code` here.", "Title.\n\nSome code here."),
        ("## Really?", "Really?"),
        ("Buy:\n\n- eggs\n* milk\n- [x] bread.", "Buy:\n\neggs. milk. bread."),
        ("> quoted\n> twice", "quoted twice"),
        ("one\n\n\ntwo\nthree", "one\n\ntwo three"),
        ("over\n***\nunder", "over\n\nunder"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("<b>bold</b> &amp; H<sub>2</sub>O<!-- no -->", "bold & H2O"),
        ("one<br/>two", "one two"),
        ("<https://example.org>", "https://example.org"),
        ("1. First item\n2) Second\n10. Third!", "1. First item. 2. Second. 10. Third!"),
        (r"\*literal\* and \_this\_", "*literal* and _this_"),
        ("it’s  a\u00a0long\u200b\u00ad word", "it's a long word"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("e\u0301te\u0301", "été"),
        # What only looks like Markdown stays.
        ("5 * 3 = 15 and 2*3*4", "5 * 3 = 15 and 2*3*4"),
        ("a snake_case name", "a snake_case name"),
        ("2 < 3 > 1", "2 < 3 > 1"),
        ("M*A*S*H", "M*A*S*H"),
        ("if a<b and c>d then", "if a<b and c>d then"),
        ("press <Enter> in vector<int>", "press <Enter> in vector<int>"),
        ("<i>open and <b>closed</b>", "<i>open and closed"),
        ("never <!-- closed", "never <!-- closed"),
        ("AT&T & Sons", "AT&T & Sons"),
        ("1984. That was a year.", "1984. That was a year."),
        ("[sigh] Well, #1 it is.", "[sigh] Well, #1 it is."),
        ("[sighs][laughs] Oh.", "[sighs][laughs] Oh."),
        ("fill in the ____ blank", "fill in the ____ blank"),
        ("wait — what – now - yes", "wait — what – now - yes"),
        ("***", ""),
        ("![](x.png)", ""),
    ],
)
def test_marks_are_not_read_aloud(written: str, said: str) -> None:
    assert plain(written) == said


WORDS = st.lists(
    st.from_regex(r"[A-Za-zà-öø-ü0-9]+[,.!?]?", fullmatch=True), min_size=1, max_size=30
)


@settings(deadline=None)
@given(WORDS)
def test_plain_words_are_left_alone(words: list[str]) -> None:
    text = unicodedata.normalize("NFC", " ".join(words))
    assert plain(text) == text
    assert spoken(text, Lexicon({"zzzzqqqq": "x"})) == Spoken(text)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80) | st.text("*_`~<>[]()!#\\&;-+ \n'a1", max_size=60))
def test_any_text_can_be_spoken(text: str) -> None:
    said = spoken(text, Lexicon({"a": "b", "1 a": "/ə/", "'": "c"}))
    assert "\u200b" not in said.text
    assert said.text == said.text.strip()
    assert is_silent(said.text) in (True, False)


@pytest.mark.parametrize("mark", ["*", "_", "`", "[", "<", "<a ", "~", "\\", "&", "![", "- ", "\n"])
def test_long_runs_of_marks_cost_no_more_than_their_length(mark: str) -> None:
    start = time.process_time()
    plain("word " + mark * 4000 + " word")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Podgen's and PODGEN.", "pod jen's and pod jen."),
        ("podgens and mypodgen", "podgens and mypodgen"),
        ("a podgen-like thing", "a pod jen-like thing"),
        ("AI said: ai aid", "A I said: ai aid"),
        ("new york, York; New Yorker", "noo yawk, yorrk; New Yorker"),
        ("new, York", "new, yorrk"),
        ("I like C++ and c.", "I like see plus plus and c."),
        ("l'homme, qu’homme, don't", "l'omm, qu'omm, don't"),
        ("私は東京にいます", "私はとうきょうにいます"),
        ("हिन्दी हिन", "हिन्दी hin"),
        ("dogs' podgen'll", "dogs' pod jen'll"),
    ],
)
def test_respellings_replace_whole_words(text: str, said: str) -> None:
    lexicon = Lexicon(
        {
            "Podgen": "pod jen",
            "AI": "A I",
            "New York": "noo yawk",
            "york": "yorrk",
            "C++": "see plus plus",
            "homme": "omm",
            "don": "DON",
            "東京": "とうきょう",
            "हिन": "hin",
        }
    )
    assert spoken(text, lexicon).text == said


def test_phonemes_are_listed_as_they_stand_in_the_text_and_only_where_they_do() -> None:
    lexicon = Lexicon({"cipherfox": "/ˈsaɪfɚ/", "moth": "/mɔθ/", "tea": "/tiː/"})
    said = spoken("CIPHERFOX's tea, said Cipherfox and CIPHERFOX. *Tea?*", lexicon)
    assert said.text == "CIPHERFOX's tea, said Cipherfox and CIPHERFOX. Tea?"
    assert said.phonemes == (
        ("CIPHERFOX", "ˈsaɪfɚ"),
        ("Cipherfox", "ˈsaɪfɚ"),
        ("Tea", "tiː"),
        ("tea", "tiː"),
    )


def test_the_turn_decides_before_the_character_and_the_character_before_the_show() -> None:
    turn, character, show = (
        Lexicon({"one": "turn"}),
        Lexicon({"ONE ": "x", "one": "character", "two": "character"}),
        Lexicon({"One": "show", "two": "show", "three": "show", "three four": "longest"}),
    )
    said = spoken("one two three, three four", turn, character, show)
    assert said.text == "turn character show, longest"


def test_a_lexicon_over_another_keeps_what_it_does_not_say() -> None:
    merged = Lexicon({"Podgen": "a", "moth": "b"}) | Lexicon({"podgen": "c"})
    assert spoken("podgen moth", merged).text == "c b"


def test_respellings_are_not_looked_up_again() -> None:
    assert spoken("a b", Lexicon({"a": "b", "b": "a"})).text == "b a"


@pytest.mark.parametrize("value", ["/mˈʌnsən/ Munsun", " /mˈʌnsən/Munsun ", "/ mˈʌnsən / Munsun"])
def test_ipa_with_a_respelling_is_what_the_engine_takes(value: str) -> None:
    lexicon = Lexicon({"Munson": value})
    takes = spoken("Munson's curve.", lexicon)
    assert (takes.text, takes.phonemes) == ("Munson's curve.", (("Munson", "mˈʌnsən"),))
    other = spoken("Munson's curve.", lexicon, ipa=False)
    assert (other.text, other.phonemes) == ("Munsun's curve.", ())


def test_ipa_alone_is_left_for_the_engine_to_refuse() -> None:
    said = spoken("Munson.", Lexicon({"Munson": "/mˈʌnsən/"}), ipa=False)
    assert said.phonemes == (("Munson", "mˈʌnsən"),)
