from __future__ import annotations

import xml.etree.ElementTree as ET

from podgen.publish.episode import Episode
from podgen.publish.item import item_xml

PODCAST = "{https://podcastindex.org/namespace/1.0}"


def test_item_is_xml_with_the_namespaces_tags(episode: Episode) -> None:
    item = ET.fromstring(item_xml(episode))
    assert item.findtext("title") == "Rock & Roll <live>"
    assert [t.get("type") for t in item.iter(f"{PODCAST}transcript")] == [
        "text/vtt",
        "application/x-subrip",
        "application/json",
    ]
    assert [p.text for p in item.iter(f"{PODCAST}person")] == ["ANN", "BO <b>"]
    disclosure = item.find(f"{PODCAST}txt")
    assert disclosure is not None
    assert (disclosure.get("purpose"), disclosure.text) == ("ai-content", "true")
