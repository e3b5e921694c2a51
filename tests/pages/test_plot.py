"""What a figure says to those who do not see it."""

from __future__ import annotations

import plotly.graph_objects as go
from streamlit.testing.v1 import AppTest

from ui.kit.plot import MOST_ROWS, in_words, rows_of


def test_a_figure_is_told_by_its_numbers_and_not_by_its_markup():
    figure = go.Figure()
    figure.add_scatter(x=[1, 2, 3], y=[0.9, float("nan"), 0.25], name="&lt;b&gt; rate<br>0.1")
    figure.add_scatter(x=[1, 2], y=[5, 6], hoverinfo="skip", name="band")
    figure.update_xaxes(title_text="step")
    assert in_words(figure) == (
        "<b> rate 0.1: 3 points over step, from 0.9 to 0.25, lowest 0.25, highest 0.9, 1 not finite."
    )
    assert "not finite" not in in_words(go.Figure(go.Bar(x=["a", "b"], y=[1, 2], name="counts")))
    assert in_words(go.Figure()) == "A figure in which nothing is drawn yet."


def test_the_table_names_points_as_the_axes_do():
    lines = go.Figure(go.Scatter(x=[0, 1], y=[0.5, 1 / 3], name="P"))
    lines.update_xaxes(tickvals=[0, 1], ticktext=["a", "film"])
    assert rows_of(lines).to_dict("list") == {"series": ["P", "P"], "x": ["a", "film"], "y": ["0.5", "0.3333"]}
    lines.update_xaxes(tickvals=None, ticktext=None, type="category", labelalias={"0": "a", "1": "film"})
    assert rows_of(lines)["x"].tolist() == ["a", "film"]
    cells = rows_of(go.Figure(go.Heatmap(x=["one", "two"], y=["row"], z=[[1, 2]])))
    assert cells.to_dict("list") == {"x": ["one", "two"], "y": ["row", "row"], "value": ["1", "2"]}


def test_a_page_sends_the_table_only_when_it_is_opened():
    def page() -> None:
        import plotly.graph_objects as go

        from ui.kit.plot import plot

        plot(go.Figure(go.Bar(x=list(range(1500)), y=list(range(1500)), name="counts")), key="counts")

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert "1500 bars" in app.get("plotly_chart")[0].proto.alt
    assert not app.dataframe
    app.session_state["counts:data"] = True
    app.run()
    assert len(app.dataframe[0].value) == MOST_ROWS
