"""The components: what they write, and that they never write what a person typed as markup."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django import forms
from django.core.paginator import Paginator
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from bitgoeul.kit import clock
from bitgoeul.kit.ui import assets, fields, wording
from bitgoeul.kit.ui.dots import PICTURES, dots


def draw(text: str, **context: object) -> str:
    return Template("{% load ui i18n %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("milli", "shown"),
    [(18400, "18.4"), (0, "0"), (1, "0.001"), (1_234_567, "1,234.567"), (-500, "−0.5"), (None, "–")],
)
def test_milli_credits_are_shown_exactly(milli, shown):
    assert wording.credits_of(milli) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (9437184, "9.0 MiB"), (3 << 40, "3.0 TiB")],
)
def test_sizes_take_the_largest_unit_that_leaves_one(value, shown):
    assert wording.size(value) == shown


@pytest.mark.parametrize(
    ("seconds", "korean", "english"),
    [
        (0.42, "0.42초", "0.42 s"),
        (59.6, "1분 0초", "1 min 0 s"),
        (3725, "1시간 2분", "1 h 2 min"),
        (timedelta(days=2, hours=3), "2일 3시간", "2 d 3 h"),
        (timedelta(days=1), "1일", "1 d"),
    ],
)
def test_durations_are_said_in_the_readers_language(seconds, korean, english):
    with translation.override("ko"):
        assert wording.duration(seconds) == korean
    with translation.override("en"):
        assert wording.duration(seconds) == english


def test_moments_are_shown_in_the_zone_of_the_hub():
    moment = datetime(2026, 11, 22, 15, 20, tzinfo=UTC)

    with translation.override("ko"):
        assert (wording.when(moment), wording.day(moment)) == ("2026-11-23 00:20", "2026-11-23")
    with translation.override("en"):
        assert (wording.when(moment), wording.day(moment)) == ("23 Nov 2026 00:20", "23 Nov 2026")


@pytest.mark.parametrize(
    ("precision", "korean", "english"),
    [
        ("day", "2024-11-03", "3 Nov 2024"),
        ("month", "2024년 11월", "November 2024"),
        ("year", "2024년", "2024"),
    ],
)
def test_a_day_is_shown_as_exactly_as_it_is_known(precision, korean, english):
    for language, shown in (("ko", korean), ("en", english)):
        with translation.override(language):
            assert wording.period(date(2024, 11, 3), precision) == shown
            assert wording.period("2024-11-03", precision) == shown


@pytest.mark.parametrize(
    ("gap", "korean", "english"),
    [
        (timedelta(seconds=20), "방금", "just now"),
        (timedelta(minutes=1), "1분 전", "1 minute ago"),
        (timedelta(hours=-5), "5시간 후", "in 5 hours"),
        (timedelta(days=3), "3일 전", "3 days ago"),
        (timedelta(days=40), "2026-10-13", "13 Oct 2026"),
    ],
)
def test_gaps_are_said_the_way_people_do(gap, korean, english):
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

    with clock.frozen(now):
        with translation.override("ko"):
            assert wording.ago(now - gap) == korean
        with translation.override("en"):
            assert wording.ago(now - gap) == english


def test_what_people_typed_is_never_markup():
    evil = "<script>alert(1)</script>"

    page = draw(
        '{% card title=evil footer=evil %}{{ evil }}{% endcard %}{% badge "ok" evil %}{% row evil evil %}'
        "{% figure evil evil evil %}{% empty title=evil text=evil %}{% endempty %}{% progress 1 2 evil %}"
        "{% sector evil evil %}{% lineage items %}{% tabs items %}{% stepper steps 1 %}",
        evil=evil,
        items=[{"label": evil, "url": "", "on": True}],
        steps=[evil],
    )

    assert "<script" not in page


def test_help_from_a_schema_is_never_markup():
    class Form(forms.Form):
        name = forms.CharField(label="<b>x</b>", help_text="<img src=x>")

    page = draw("{% form_fields form %}", form=Form())

    assert "<img" not in page
    assert "<b>x" not in page


def test_a_wrong_field_is_named_in_the_summary_and_tied_to_its_error():
    class Form(forms.Form):
        rows = forms.IntegerField(label="Rows", help_text="At least one.", min_value=1)

    with translation.override("en"):
        page = draw("{% form_fields form %}", form=Form({"rows": "0"}))

    assert '<a href="#id_rows">Rows: Ensure this value is greater than or equal to 1.</a>' in page
    assert 'aria-describedby="id_rows_helptext id_rows_error"' in page
    assert 'id="id_rows_error"' in page
    assert 'id="id_rows_helptext"' in page


def test_a_long_answer_stands_below_its_question_and_stays_text():
    short = draw("{% said 'Plan' answer %}", answer="Buses")
    long = draw("{% said 'Plan' answer %}", answer="<b>Buses</b>\nand trams")

    assert short == '<div class="row"><span>Plan</span><span>Buses</span></div>'
    assert long == (
        '<div class="row said"><span>Plan</span><span>&lt;b&gt;Buses&lt;/b&gt;\nand trams</span></div>'
    )


def test_a_state_takes_its_word_and_colour_from_the_row():
    row = SimpleNamespace(state="run", get_state_display=lambda: "달리는 중", STATE_KINDS={"run": "info"})

    assert draw("{% state row %}", row=row) == '<span class="badge info">달리는 중</span>'


def test_progress_stays_between_nothing_and_all():
    assert "150 %" not in draw("{% progress 3 2 'x' %}")
    assert "<span>0 %</span>" in draw("{% progress 5 0 'x' %}")


def test_steps_say_which_are_done_and_where_the_reader_is():
    with translation.override("en"):
        page = draw("{% stepper steps 2 %}", steps=["One", "Two", "Three"])

    assert '<li class="done">One' in page
    assert '<li class="now" aria-current="step">Two' in page
    assert "<li>Three</li>" in page


def test_the_pager_keeps_the_other_parameters():
    page = Paginator(range(60), 25).get_page(2)
    page.query = "q=flights"

    drawn = draw("{% pager page %}", page=page)

    assert 'href="?q=flights&amp;page=1"' in drawn
    assert 'href="?q=flights&amp;page=3"' in drawn


def test_a_changed_query_keeps_the_rest():
    request = RequestFactory().get("/lake/", {"q": "a b", "page": "3"})

    drawn = Template('{% load ui %}{% with_query sort="-rows" page=None %}').render(
        Context({"request": request})
    )

    assert drawn == "?q=a+b&amp;sort=-rows"


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_is_a_field_of_seven_by_five_lamps(name):
    assert [len(row) for row in PICTURES[name]] == [7] * 5
    assert dots(name).count("<circle") == 35


def test_without_a_built_front_end_pages_come_plain(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "DIST", tmp_path)
    assets.manifest.cache_clear()
    assets.asset.cache_clear()
    try:
        assert assets.asset("src/app.js") == ""
        assert [warning.id for warning in assets.front_end_is_built()] == ["bitgoeul.W001"]
    finally:
        assets.manifest.cache_clear()
        assets.asset.cache_clear()


def test_what_is_fixed_is_rendered_once_per_language_and_argument():
    page = Template("{% load ui %}{% fixed place %}{{ seen }}{% endfixed %}")

    with translation.override("ko"):
        first = page.render(Context({"place": "a", "seen": "1"}))
        again = page.render(Context({"place": "a", "seen": "2"}))
        other = page.render(Context({"place": "b", "seen": "3"}))
    with translation.override("en"):
        english = page.render(Context({"place": "a", "seen": "4"}))

    assert [first, again, other, english] == ["1", "1", "3", "4"]


def _same(drawn: str, wanted: str) -> bool:
    return " ".join(drawn.split()) == " ".join(wanted.split())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (forms.CharField(max_length=9, min_length=2), '"><script>'),
        (forms.CharField(), None),
        (forms.CharField(widget=forms.Textarea(attrs={"rows": 5})), "</textarea><script>"),
        (forms.CharField(widget=forms.PasswordInput), "secret"),
        (forms.CharField(widget=forms.HiddenInput), "here"),
        (forms.CharField(widget=forms.DateInput(attrs={"type": "date"})), "2026-11-22"),
        (forms.EmailField(disabled=True), "somebody@demo.example"),
        (forms.URLField(assume_scheme="https"), "https://demo.example/?a=1&b=2"),
        (forms.IntegerField(min_value=1, max_value=9), 3),
        (forms.FloatField(), 0.25),
        (forms.DateTimeField(), datetime(2026, 11, 22, 14, 20, tzinfo=UTC)),
        (forms.TimeField(), "14:20"),
        (forms.BooleanField(required=False), True),
        (forms.BooleanField(required=False), False),
        (forms.ChoiceField(choices=[("", "—"), ("a&b", "<A>"), ("c", "C")]), "a&b"),
        (forms.ChoiceField(choices=[("one", [("a", "A"), ("b", "B")]), ("c", "C")]), "b"),
        (forms.MultipleChoiceField(choices=[("a", "A"), ("b", "B"), ("c", "C")]), ["a", "c"]),
    ],
)
def test_widgets_are_written_as_django_writes_them(field, value):
    def written(renderer: BaseRenderer) -> str:
        form = type("Form", (forms.Form,), {"asked": field})(initial={"asked": value}, renderer=renderer)
        return str(form["asked"])

    own = written(fields.Renderer())

    assert _same(own.replace("><", "> <"), written(DjangoTemplates()).replace("><", "> <"))


def test_rare_widgets_are_left_to_django():
    class Form(forms.Form):
        sectors = forms.MultipleChoiceField(
            label="Sectors",
            choices=[("a", "A")],
            widget=forms.CheckboxSelectMultiple,
            help_text="Any of them.",
        )

    page = draw("{% form_fields form %}", form=Form())

    assert '<fieldset aria-describedby="id_sectors_helptext"><legend>Sectors</legend>' in page
    assert 'type="checkbox"' in page


def test_a_single_box_stands_before_its_words():
    class Form(forms.Form):
        agreed = forms.BooleanField(label="Agreed")

    assert 'required id="id_agreed"><span>Agreed</span></label>' in draw(
        "{% form_fields form %}", form=Form()
    )


def test_a_moment_for_programs_names_its_zone():
    assert (
        draw("{{ at|moment }}", at=datetime(2026, 11, 22, 15, 20, tzinfo=UTC)) == "2026-11-23T00:20:00+09:00"
    )
    assert not draw("{{ at|moment }}", at=None)


def test_options_mark_the_chosen_one_and_may_begin_with_none_in_particular():
    page = draw("{% options choices 'b' 'all' %}", choices=[("a", "<A>"), ("b", "B")])

    assert page == (
        '<option value="">all</option><option value="a">&lt;A&gt;</option>'
        '<option value="b" selected>B</option>'
    )
    assert "selected" not in draw("{% options choices '' 'all' %}", choices=[("a", "A")])
    assert not draw("{% options choices %}", choices=[])
