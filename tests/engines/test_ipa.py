from __future__ import annotations

import pytest

from podgen.engines.ipa import foreign_sounds, to_kokoro


@pytest.mark.parametrize(
    ("ipa", "american", "british"),
    [
        ("/ˈsaɪfɚ/", "sˈIfəɹ", "sˈIfəɹ"),
        ("ˈtʃɑːklət", "ʧˈɑklət", "ʧˈɑːklət"),
        ("həˈloʊ", "həlˈO", "həlˈQ"),
        ("həˈləʊ", "həlˈO", "həlˈQ"),
        ("ˈdʒɔɪstɪk", "ʤˈYstɪk", "ʤˈYstɪk"),
        ("nɝs", "nɜɹs", "nɜɹs"),
        ("ˌʌndəˈstænd", "ˌʌndəstˈænd", "ˌʌndəstˈænd"),
        ("t͡ʃiːz", "ʧiz", "ʧiːz"),
        ("red", "ɹɛd", "ɹɛd"),
    ],
)
def test_dictionary_ipa_becomes_kokoros_letters(ipa: str, american: str, british: str) -> None:
    assert to_kokoro(ipa) == american
    assert to_kokoro(ipa, british=True) == british


def test_sounds_that_english_lacks_are_named() -> None:
    assert foreign_sounds("ˈʁaʊ") == "ʁ"
    assert foreign_sounds("ˈsaɪfɚ") == ""
