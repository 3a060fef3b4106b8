// Says that something is being worked out: a form that was sent is marked until the next page is there; one that gets a file has no next page. Without it all works the same.
function clear() {
  for (const form of document.querySelectorAll("form[aria-busy]")) {
    form.removeAttribute("aria-busy");
    form.querySelector(".working")?.remove();
  }
}

addEventListener("submit", ({ target: form }) => {
  if (form.method !== "get" || "file" in form.dataset || !form.checkValidity()) return;
  form.setAttribute("aria-busy", "true");
  if (!form.dataset.busy) return;
  const said = document.createElement("span");
  said.className = "working";
  said.setAttribute("role", "status");
  said.textContent = form.dataset.busy;
  form.querySelector("button:not([type=button])")?.after(said);
});
// A page that comes back out of the browser's memory waits for nothing.
addEventListener("pageshow", clear);
