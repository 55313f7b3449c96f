import pytest

from heatcam.sinks.keys import DEFAULT_KEYS, Action, KeyBinding, KeyTable

LEFT_ARROW_QT, LEFT_ARROW_WINDOWS, LEFT_ARROW_MACOS = 0xFF51, 0x250000, 63234
HOME_QT, HOME_WINDOWS, F1_QT = 0xFF50, 0x240000, 0xFFBE


def test_the_keys_do_what_the_table_says():
    expected = {"h": Action.TOGGLE_HEATMAP, "s": Action.SAVE_SNAPSHOT, "q": Action.QUIT, "\x1b": Action.LEAVE}
    for key, action in expected.items():
        assert DEFAULT_KEYS.action_for(ord(key)) is action
        assert DEFAULT_KEYS.action_for(ord(key.upper())) is action


def test_a_capital_does_what_its_small_letter_does_unless_it_stands_for_itself():
    assert DEFAULT_KEYS.action_for(ord("H")) is Action.TOGGLE_HEATMAP
    for letter, small, large in (
        ("d", Action.DUAL_VIEW, Action.WIPE),
        ("n", Action.FOCUS_NEXT, Action.FOCUS_PREVIOUS),
        ("r", Action.NEXT_RENORM, Action.TOGGLE_RECORDING),
    ):
        assert DEFAULT_KEYS.action_for(ord(letter)) is small
        assert DEFAULT_KEYS.action_for(ord(letter.upper())) is large
        assert DEFAULT_KEYS.action_for(ord(letter), shifted=True) is large, (
            "Qt gives the small letter for both"
        )
    assert DEFAULT_KEYS.action_for(ord("h"), shifted=True) is Action.TOGGLE_HEATMAP


def test_shift_changes_nothing_but_letters():
    assert DEFAULT_KEYS.action_for(ord("?"), shifted=True) is Action.TOGGLE_HELP
    assert DEFAULT_KEYS.action_for(27, shifted=True) is Action.LEAVE


def test_every_action_has_a_key():
    assert {binding.action for binding in DEFAULT_KEYS} == set(Action)


def test_arrows_are_not_letters():
    """0xFF51 & 0xFF is Q: with the usual mask, the left arrow would quit."""
    for code in (LEFT_ARROW_QT, LEFT_ARROW_WINDOWS, LEFT_ARROW_MACOS, 0x100000 | LEFT_ARROW_QT):
        assert DEFAULT_KEYS.action_for(code) is Action.SEEK_BACK
    for code in (HOME_QT, HOME_WINDOWS, F1_QT, 0xFFFF, 65505, -1):
        assert DEFAULT_KEYS.action_for(code) is None


def test_num_lock_on_gtk_does_not_disable_the_keys():
    assert DEFAULT_KEYS.action_for(0x100000 | ord("h")) is Action.TOGGLE_HEATMAP


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="key 104 does both"):
        KeyTable(
            [
                KeyBinding((104,), "h", Action.TOGGLE_HEATMAP, "x"),
                KeyBinding((113, 104), "q", Action.QUIT, "y"),
            ]
        )


def test_an_action_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="two lines"):
        KeyTable([KeyBinding((1,), "a", Action.QUIT, "x"), KeyBinding((2,), "b", Action.QUIT, "y")])


def test_a_line_without_keys_is_refused():
    with pytest.raises(ValueError, match="no key"):
        KeyTable([KeyBinding((), "", Action.QUIT, "x")])


def test_the_help_shows_every_line_of_the_table():
    groups, markdown = DEFAULT_KEYS.groups(), DEFAULT_KEYS.as_markdown()
    lines = [line for _, own in groups for line in own]
    assert len(lines) == len(list(DEFAULT_KEYS)) == len(markdown.splitlines()) - 2 - len(groups)
    for binding in DEFAULT_KEYS:
        assert (binding.label, binding.help) in lines
        assert f"| `{binding.label}` | {binding.help} |" in markdown
    assert lines[0] == ("h", "heat map or plain detection")


def test_each_group_of_keys_stands_together_and_has_a_name():
    names = [name for name, _ in DEFAULT_KEYS.groups()]
    assert len(names) == len(set(names)) <= 8
    assert all(names)
