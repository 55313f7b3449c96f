// Tabs after the ARIA pattern: arrow keys, Home and End move and choose; one tab of a list is in the order of Tab.

/**
 * Make the tabs of a list work.
 *
 * Each has `aria-controls`, the id of its panel. `onChoose` is called with the tab that was chosen, not with the first.
 * Returns the function that chooses a tab.
 */
export function setUpTabs(list, onChoose = () => {}) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  function choose(chosen) {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panelOf(tab).hidden = !isChosen;
    }
  }

  function pick(tab) {
    choose(tab);
    tab.focus();
    onChoose(tab);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) pick(tab);
  });
  list.addEventListener("keydown", (event) => {
    const now = tabs.indexOf(document.activeElement);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (now < 0 || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    pick(tabs[(next + tabs.length) % tabs.length]);
  });
  return choose;
}
