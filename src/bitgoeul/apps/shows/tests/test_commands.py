"""Drawing, handing in, making, publishing: through the commands."""

import io

import pytest

from bitgoeul.apps.people.tests.factories import actor, make_member, make_person
from bitgoeul.apps.shows import commands, errors, story
from bitgoeul.apps.shows.models import Draft, Film, Version
from bitgoeul.apps.shows.story import editing
from bitgoeul.apps.shows.tests.factories import make_designer, make_show, make_version
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, NotFound, StateChanged
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import facts_recorded

pytestmark = pytest.mark.django_db


@pytest.fixture
def designer():
    return make_designer()


def add(by, show, name, content=b"<svg/>"):
    return commands.add_asset(
        by=by, show=show.slug, file_name=name, size=len(content), content=io.BytesIO(content)
    )


def test_every_state_is_kept_and_undo_goes_back(designer):
    _, home, by = designer
    show = make_show(home, by)
    first = story.blank(300, "빛고을")
    second = editing.with_new_scene(first, 1)

    saved = commands.save_draft(by=by, show=show.slug, story_data=second, after=1)
    back = commands.undo(by=by, show=show.slug, after=saved.number)
    again = commands.redo(by=by, show=show.slug, after=back.number)

    assert (saved.number, back.story, again.story) == (2, first, second)
    assert facts_recorded()[-1] == "shows.ShowCreated"  # drawing is no news


def test_a_change_after_undo_forgets_what_could_be_redone(designer):
    _, home, by = designer
    show = make_show(home, by)
    drawn = story.blank(300, "빛고을")
    commands.save_draft(by=by, show=show.slug, story_data=editing.with_new_scene(drawn, 1), after=1)
    commands.undo(by=by, show=show.slug, after=2)

    commands.save_draft(by=by, show=show.slug, story_data=editing.with_copy(drawn, 1), after=1)

    with pytest.raises(errors.NothingToUndo):
        commands.redo(by=by, show=show.slug, after=2)
    assert Draft.objects.filter(show=show).count() == 2


def test_two_who_draw_at_once_do_not_overwrite_each_other(designer):
    _, home, by = designer
    show = make_show(home, by)
    drawn = story.blank(300, "빛고을")
    commands.save_draft(by=by, show=show.slug, story_data=editing.with_new_scene(drawn, 1), after=1)

    with pytest.raises(errors.DraftMoved):
        commands.save_draft(by=by, show=show.slug, story_data=editing.with_copy(drawn, 1), after=1)


def test_a_flawed_storyboard_is_not_saved(designer):
    _, home, by = designer
    show = make_show(home, by)

    with pytest.raises(errors.StoryFlawed, match="드론 수"):
        commands.save_draft(by=by, show=show.slug, story_data=story.blank(0, "빛"), after=1)
    assert Draft.objects.get(show=show).number == 1


def test_others_cannot_even_see_that_a_show_is_drawn(designer):
    _, home, by = designer
    show = make_show(home, by)
    stranger = actor(make_person())

    for attempt in (
        lambda: commands.save_draft(by=stranger, show=show.slug, story_data={}, after=1),
        lambda: commands.submit_version(by=stranger, show=show.slug),
        lambda: commands.describe_show(by=stranger, show=show.slug, title={}, description={}),
        lambda: add(stranger, show, "a.svg"),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_the_finance_role_does_not_draw(designer):
    _, home, by = designer
    show = make_show(home, by)
    finance = actor(make_member(home, "finance"))

    with pytest.raises(Forbidden):
        commands.submit_version(by=finance, show=show.slug)


def test_files_are_kept_by_content_and_one_in_use_stays(designer):
    _, home, by = designer
    show = make_show(home, by)
    asset = add(by, show, "C:\\pictures\\DOVE.SVG")
    same = add(by, show, "DOVE.svg")
    drawn = editing.with_scene(story.blank(300, "빛"), 1, formation={"kind": "svg", "asset": asset.name})
    commands.save_draft(by=by, show=show.slug, story_data=drawn, after=1)

    assert (asset.name, asset.kind, same.pk) == ("DOVE.svg", "svg", asset.pk)
    with pytest.raises(errors.AssetInUse, match=r"scenes\.1\.formation\.asset"):
        commands.remove_asset(by=by, show=show.slug, name=asset.name)
    commands.undo(by=by, show=show.slug, after=2)
    commands.remove_asset(by=by, show=show.slug, name=asset.name)
    assert show.assets.count() == 0


@pytest.mark.parametrize("name", ["virus.exe", "noending", ".svg.html", ""])
def test_files_of_other_kinds_are_refused(designer, name):
    _, home, by = designer

    with pytest.raises(errors.AssetUnknown):
        add(by, make_show(home, by), name)


def test_a_file_over_the_limit_is_refused_whatever_it_declares(designer):
    _, home, by = designer
    show = make_show(home, by)
    large = io.BytesIO(b"x" * ((2 << 20) + 1))

    with pytest.raises(errors.AssetTooLarge):
        commands.add_asset(by=by, show=show.slug, file_name="a.svg", size=10, content=large)
    assert show.assets.count() == 0


def test_a_version_is_made_and_certified(designer):
    _, home, by = designer
    show = make_show(home, by)

    version = make_version(show)

    assert (version.state, version.drones, version.number) == (Version.State.CERTIFIED, 300, 1)
    assert facts_recorded()[-3:] == ["shows.VersionSubmitted", "shows.MakingBegun", "shows.ShowCertified"]


def test_a_version_that_breaks_its_limits_cannot_be_published(designer):
    _, home, by = designer
    show = make_show(home, by)
    version = make_version(show, holds=False, distance=2.4)

    with pytest.raises(errors.NotCertified):
        commands.publish_show(by=by, show=show.slug, number=version.number)
    assert version.state == Version.State.UNSAFE


def test_everybody_watches_what_is_published_and_nobody_afterwards(designer):
    _, home, by = designer
    show = make_show(home, by)
    version = make_version(show)

    commands.publish_show(by=by, show=show.slug, number=1)
    commands.publish_show(by=by, show=show.slug, number=1)
    published = facts_recorded().count("shows.ShowPublished")
    commands.unpublish_show(by=by, show=show.slug)

    assert published == 1
    show.refresh_from_db()
    assert (show.published, version.show.pk) == (None, show.pk)


def test_a_claim_that_lapsed_changes_nothing(designer):
    _, home, by = designer
    version = commands.submit_version(by=by, show=make_show(home, by).slug)
    commands.begin_making(by=SYSTEM, version_id=version.pk, claim="first")
    commands.requeue_making(by=SYSTEM, version_id=version.pk, claim="first")
    commands.begin_making(by=SYSTEM, version_id=version.pk, claim="second")

    with pytest.raises(StateChanged):
        commands.fail_making(by=SYSTEM, version_id=version.pk, claim="first", problems=[])


def test_a_failed_version_says_why_and_can_be_tried_again(designer):
    _, home, by = designer
    show = make_show(home, by)
    version = commands.submit_version(by=by, show=show.slug)
    commands.begin_making(by=SYSTEM, version_id=version.pk, claim="a")
    problems = [{"code": "asset-missing", "where": "scenes.1", "facts": {"name": "x.svg"}}]

    failed = commands.fail_making(by=SYSTEM, version_id=version.pk, claim="a", problems=problems)
    again = commands.retry_making(by=by, show=show.slug, number=1)

    assert (failed.state, again.state, again.problem) == ("failed", "waiting", {})


def test_a_storyboard_with_a_missing_file_is_not_handed_in(designer):
    _, home, by = designer
    show = make_show(home, by)
    drawn = editing.with_scene(story.blank(300, "빛"), 1, formation={"kind": "svg", "asset": "gone.svg"})
    commands.save_draft(by=by, show=show.slug, story_data=drawn, after=1)

    with pytest.raises(errors.StoryFlawed, match=r"gone\.svg"):
        commands.submit_version(by=by, show=show.slug)


def test_a_film_is_asked_for_once_fails_and_is_asked_for_again(designer):
    _, home, by = designer
    version = make_version(make_show(home, by))
    place = {"by": by, "show": version.show.slug, "number": 1}

    film = commands.ask_for_film(**place)
    again = commands.ask_for_film(**place)
    commands.fail_film(by=SYSTEM, film_id=film.pk, problems=[{"code": "film-not-recorded"}])
    failed = Film.objects.get().state
    commands.ask_for_film(**place)
    stored = store().put("shows/made/film/show.webm", b"film")
    commands.keep_film(by=SYSTEM, version_id=version.pk, stored=stored)

    assert (again.pk, failed) == (film.pk, "failed")
    assert (Film.objects.get().state, Film.objects.get().problem) == ("kept", {})
    assert facts_recorded()[-4:] == [
        "shows.FilmAsked", "shows.FilmFailed", "shows.FilmAsked", "shows.ShowFilmed",
    ]  # fmt: skip


def test_only_designers_ask_for_films_and_only_of_certified_versions(designer):
    _, home, by = designer
    shown, broken = make_version(make_show(home, by)), make_version(make_show(home, by), holds=False)
    commands.publish_show(by=by, show=shown.show.slug, number=1)

    with pytest.raises(Forbidden):
        commands.ask_for_film(by=actor(make_person()), show=shown.show.slug, number=1)
    with pytest.raises(errors.NotCertified):
        commands.ask_for_film(by=by, show=broken.show.slug, number=1)
    with pytest.raises(NotFound):
        commands.ask_for_film(by=actor(make_person()), show=broken.show.slug, number=1)
