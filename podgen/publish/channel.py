"""What a feed says of the show itself: `feed.yaml` in the folder of the episodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from podgen.errors import Problem, ScriptError
from podgen.publish.shelf import Shelved
from podgen.show import kinds as kind
from podgen.show import references as ref
from podgen.show.failing import Says, shown, wrong
from podgen.show.forms import Form, said
from podgen.show.problems import did_you_mean, fill
from podgen.show.read import in_order
from podgen.show.references import Context
from podgen.show.source import read_source

SETTINGS = "feed.yaml"
CATEGORIES = (
    "Arts", "Business", "Comedy", "Education", "Fiction", "Government", "Health & Fitness",
    "History", "Kids & Family", "Leisure", "Music", "News", "Religion & Spirituality", "Science",
    "Society & Culture", "Sports", "TV & Film", "Technology", "True Crime",
)  # fmt: skip
"""Apple's (podcasters.apple.com/support/1691)."""


def _read_category(value: object) -> object:
    if not isinstance(value, str):
        raise wrong(f"{{}} cannot be {shown(value)}", "give one, or two as in 'Arts > Design'")
    top, _, below = (part.strip() for part in value.partition(">"))
    if top not in CATEGORIES:
        remedy = did_you_mean(top, CATEGORIES) or f"give one of {', '.join(CATEGORIES)}"
        raise wrong(f"{{}} cannot be {shown(top)}", remedy)
    return f"{top} > {below}" if below else top


class FeedForm(Form):
    """feed.yaml."""

    title: kind.Text | None = said("The show's title; else the episodes'.")
    description: Annotated[str, Field(min_length=1, max_length=4000)] | None = said("About it.")
    author: kind.Text | None = said("Who makes it.")
    email: kind.Text | None = said("The owner's address, which directories write to.")
    language: kind.Language | None = said("Else the first episode's.")
    category: Annotated[str, BeforeValidator(_read_category)] | None = said("Apple's category.")
    explicit: kind.YesNo | None = said("Whether it is for grown-ups alone; it is not.")
    type: Annotated[Literal["episodic", "serial"], Says("episodic or serial")] | None = said(
        "Order."
    )
    image: ref.Image | None = said("The show's picture; else the first episode's cover.")
    link: kind.Url | None = said("The show's page; else the site that is made here.")
    license: kind.Text | None = said("An SPDX identifier such as cc-by-4.0, or a name.")
    copyright: kind.Text | None = said("The line about it.")


@dataclass(frozen=True, slots=True)
class Channel:
    """The show as its feed tells of it."""

    title: str
    description: str
    author: str
    language: str
    email: str = ""
    category: str = ""
    explicit: bool = False
    type: str = "episodic"
    image: Path | None = None
    link: str = ""
    license: str = ""
    copyright: str = ""


def read_channel(folder: Path, shelf: list[Shelved]) -> Channel:
    """What `feed.yaml` says, and where it is silent what the first of the episodes
    does: another episode changes nothing of it.

    Raises:
        ScriptError: with every problem of the file, or if nothing names the show.
    """
    path = folder / SETTINGS
    form: FeedForm | None = FeedForm()
    if path.exists():
        source = read_source(path, "feed's settings")
        context = Context(folder, {path: None})
        form = fill(FeedForm, source.value, source, (), context)
        if context.problems or form is None:
            raise ScriptError(in_order(context.problems))
    assert form is not None
    first = shelf[0].episode
    title = form.title or first.show
    if not title:
        raise ScriptError(
            Problem(f"nothing names the show in {folder}", f"write 'title:' in {path}")
        )
    return Channel(
        title=title,
        description=form.description or "",
        author=form.author or first.author,
        language=form.language or first.language,
        email=form.email or "",
        category=form.category or "",
        explicit=bool(form.explicit),
        type=form.type or "episodic",
        image=form.image,
        link=form.link or "",
        license=form.license or "",
        copyright=form.copyright or "",
    )
