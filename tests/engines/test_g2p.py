"""English as it sounds: each pair is a text, and words that sound as it should."""

from __future__ import annotations

import pytest

from podgen.engines.g2p import G2P, UnspeakableError
from podgen.text.saying import in_words

# text as written -> text in plain words with the same sounds
SAME_SOUNDS = [
    ("She met King Charles.", "She met king Charles."),
    ("Louis C. K. laughed.", "louis C. K. laughed."),
    ("King Charles III spoke.", "king Charles the third spoke."),
    ("George I was king.", "George the first was king."),
    ("World War II ended.", "World War two ended."),
    ("It is Type C.", "It is type see."),
    ("Henry VIII had six wives.", "Henry the eighth had six wives."),
    ("I said no.", "I said no!"),
    ("It costs $1.2 million.", "It costs one point two million dollars."),
    ("I have $5 and 10 people.", "I have five dollars and ten people."),
    ("£3.99 each.", "three pounds and ninety nine pence each."),
    ("It was €10, then ¥500.", "It was ten euros, then five hundred yen."),
    ("US$5 only.", "five US dollars only."),
    ("It takes $5-10.", "It takes five to ten dollars."),
    ("a $20 bill", "a twenty dollar bill"),
    ("See github.com now.", "See github dot com now."),
    ("Write to ann@example.com.", "Write to ann at example dot com."),
    ("Use #podcasting here.", "Use hashtag podcasting here."),
    ("Use Node.js.", "Use Node dot J S."),
    ("Write C# code.", "Write C sharp code."),
    ("Python 3.10 is out.", "Python three point one zero is out."),
    ("version 2.0", "version two point zero"),
    ("Agent 007 came.", "Agent zero zero seven came."),
    ("a .5 chance", "a point five chance"),
    ("odds of 10:1 here", "odds of ten to one here"),
    ("It is 5 m long.", "It is five metres long."),
    ("It runs on 12V.", "It runs on twelve volts."),
    ("He is 6 ft 2 in tall.", "He is six feet two inches tall."),
    ("He ate a fig.", "He ate a fig!"),
    ("He saw the Sun.", "He saw the sun."),
    ("Cats, e.g. lions.", "Cats, for example lions."),
    ("Cats, dogs, etc. are pets.", "Cats, dogs, et cetera are pets."),
    ("rock 'n' roll", "rock and roll"),
    ("The angle α is small.", "The angle alpha is small."),
    ("We need 2½ cups.", "We need two and a half cups."),
    ("10*4=40", "ten times four equals forty"),
    ("5 - 3 = 2", "five minus three equals two"),
    ("Open 24/7 now.", "Open twenty four seven now."),
    ("Call 555-123-4567.", "Call five five five, one two three, four five six seven."),
    ("the 2nd ed. came", "the second edition came"),
    ("about 1,234 people", "about one thousand two hundred thirty four people"),
]  # fmt: skip


def sounds(phonemes: str) -> str:
    """Phonemes without stress and the marks that only shape a pause."""
    return "".join(c for c in phonemes if c not in "ˈˌ,.!“” ").replace("ɪɡz", "ɛɡz")


@pytest.mark.parametrize(("written", "plain"), SAME_SOUNDS)
def test_reads_as_a_person_would(american: G2P, written: str, plain: str) -> None:
    assert sounds(american(in_words(written, "en").text)) == sounds(american(plain))


@pytest.mark.parametrize("trigger", ["King", "Queen", "Louis", "George", "Part", "Chapter", "Type"])
@pytest.mark.parametrize("word", ["Charles", "Victor", "Ivy", "Louis", "Xavier", "I'm", "C.S."])
def test_no_name_is_taken_for_a_roman_numeral(trigger: str, word: str) -> None:
    text = f"So {trigger} {word} said it."
    assert in_words(text, "en").text == text


def test_british_voices_speak_british(american: G2P, british: G2P) -> None:
    assert american("bath") == "bˈæθ"
    assert british("bath") == "bˈɑːθ"


def test_interjections_are_sounds_and_not_letters(american: G2P) -> None:
    assert american("Shh, be quiet.").startswith("ʃ,")
    assert american("Ugh.") == "ˈʌɡ."


def test_given_phonemes_replace_the_word_and_keep_its_possessive(american: G2P) -> None:
    words = {"Cipherfox": "/ˈsaɪfɚfɑks/"}
    assert american("Cipherfox left.", words) == "sˈIfəɹfɑks lˈɛft."
    assert american("It is Cipherfox's.", words).endswith("sˈIfəɹfɑksᵻz.")


def test_given_phonemes_touch_whole_words_only(american: G2P) -> None:
    assert american("The cathedral.", {"cat": "dɒɡ"}) == american("The cathedral.")


def test_a_word_without_sound_is_named(american: G2P) -> None:
    with pytest.raises(UnspeakableError) as caught:
        american("We say 你好 to all.")
    assert caught.value.words == ["你好"]


def test_letters_with_separate_accents_are_read_as_one(american: G2P) -> None:
    assert american(in_words("a cafe\u0301", "en").text) == american("a café")


def test_letters_are_named_and_chains_are_read_in_time(american: G2P) -> None:
    assert american("on A-four paper").split()[1] == "ˈA"
    assert "ˈA" in american("the P A M rule")
    chain = american("well-" * 400)  # as one word, minutes
    assert chain.count("wˈɛl") == 400
