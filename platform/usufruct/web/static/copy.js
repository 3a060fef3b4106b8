// Hashes and addresses that are shown in short are copied whole by a click or by Enter. Without it their titles tell them.
const { copied, copy } = document.body.dataset;
const SHOWN_MS = 1500;
const status = document.createElement("p");
status.className = "quiet";
status.setAttribute("role", "status");
document.body.append(status);

/** Puts the text on the clipboard; where that is not allowed it is shown whole and selected. */
async function take(button) {
  try {
    await navigator.clipboard.writeText(button.title);
  } catch {
    button.textContent = button.title;
    getSelection().selectAllChildren(button);
    return;
  }
  const shown = button.textContent;
  button.disabled = true;
  button.textContent = status.textContent = copied;
  setTimeout(() => {
    button.textContent = shown;
    status.textContent = "";
    button.disabled = false;
    button.focus();
  }, SHOWN_MS);
}

for (const each of document.querySelectorAll("span.hash[title]")) {
  if (each.closest("a, button, summary, option") || each.title === each.textContent) continue;
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "hash", title: each.title, textContent: each.textContent });
  button.setAttribute("aria-label", `${each.textContent}, ${copy}`);
  button.addEventListener("click", () => take(button));
  each.replaceWith(button);
}
