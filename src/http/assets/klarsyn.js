// Shortcuts for those who work with the keyboard all day. Everything that they do can be done without them.
const rows = () => [...document.querySelectorAll("[data-row]")];
const off = () => localStorage.getItem("snabbtangenter") === "av";

/** Moves the focus among a list's rows. */
function move(step) {
  const all = rows();
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, now + step))];
  next?.querySelector("a")?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

/** Whether somebody is writing, or holds a key that makes it the browser's own command. */
function elsewhere(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  return target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
}

document.addEventListener("keydown", (event) => {
  if (off() || elsewhere(event)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else {
    const named = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (named === null) return;
    event.preventDefault();
    if (named.matches("input, textarea, select")) named.focus();
    else named.click();
  }
});

// One box ticks all rows of a list; without script each is ticked by itself.
for (const box of document.querySelectorAll("[data-all]")) {
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const one of document.querySelectorAll(`input[name="${box.dataset.all}"]`)) one.checked = box.checked;
  });
}

// Single keys can be in the way of voice control: they can be switched off where they are explained.
const choice = document.querySelector("[data-shortcuts]");
if (choice !== null) {
  choice.hidden = false;
  const box = choice.querySelector("input");
  box.checked = !off();
  box.addEventListener("change", () => localStorage.setItem("snabbtangenter", box.checked ? "på" : "av"));
}
