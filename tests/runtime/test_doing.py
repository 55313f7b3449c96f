"""What is being done reaches whoever listens, and only as long as they do."""

from __future__ import annotations

from heatcam.runtime.doing import say_doing, shown_by


def test_texts_reach_who_listens_and_nobody_else() -> None:
    heard: list[str] = []
    say_doing("before")
    with shown_by(heard.append):
        say_doing("proving 100 % of it")
    say_doing("after")
    assert heard == ["proving 100 % of it"]
