(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const tools = $("tools"), q = $("q"), level = $("level"), severity = $("severity"), section = $("section"), found = $("found"), toggle = $("toggle"), clear = $("clear");
  const chips = [...tools.querySelectorAll("[data-outcome]")];
  const rules = [...document.querySelectorAll(".rule")];
  const groups = [...document.querySelectorAll("[data-group]")];
  tools.hidden = false;

  const filter = () => {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const outcomes = chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.outcome);
    let n = 0;
    for (const r of rules) {
      const show = (!outcomes.length || outcomes.includes(r.dataset.outcome)) &&
        (!level.value || r.dataset.levels.split(" ").includes(level.value)) &&
        (!severity || !severity.value || r.dataset.severity === severity.value) &&
        (!section.value || r.dataset.section === section.value) &&
        words.every((w) => r.dataset.text.includes(w));
      r.hidden = !show;
      if (show) n++;
    }
    for (const g of groups) g.hidden = !g.querySelector(".rule:not([hidden])");
    const all = n === rules.length;
    $("none").hidden = n > 0;
    clear.hidden = all && !words.length;
    found.textContent = all ? "" : n + " of " + rules.length + " rules";
    label();
  };
  const visible = () => rules.filter((r) => !r.hidden);
  const label = () => { toggle.textContent = visible().every((r) => r.open) ? "Close all" : "Open all"; };

  q.addEventListener("input", filter);
  level.addEventListener("change", filter);
  section.addEventListener("change", filter);
  if (severity) severity.addEventListener("change", filter);
  for (const c of chips) c.addEventListener("click", () => {
    c.setAttribute("aria-pressed", String(c.getAttribute("aria-pressed") !== "true"));
    filter();
  });
  tools.addEventListener("submit", (e) => e.preventDefault());
  const reset = () => {
    for (const c of chips) c.setAttribute("aria-pressed", "false");
    q.value = level.value = section.value = "";
    if (severity) severity.value = "";
    filter();
  };
  tools.addEventListener("reset", (e) => { e.preventDefault(); reset(); q.focus(); });
  toggle.addEventListener("click", () => {
    const open = !visible().every((r) => r.open);
    for (const r of visible()) r.open = open;
    label();
  });
  document.addEventListener("toggle", label, true);
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(input|select|textarea)$/i.test(e.target.tagName) && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); q.focus(); }
    if (e.key === "Escape" && e.target === q) reset();
  });
  const reach = () => {
    const r = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
    if (r && r.id.startsWith("change-") && r.firstElementChild.tagName === "DETAILS") r.firstElementChild.open = true;
    if (!r || !r.classList.contains("rule")) return;
    if (r.hidden) reset();
    r.open = true;
    r.scrollIntoView();
  };
  addEventListener("hashchange", reach);
  document.addEventListener("click", (e) => {
    const a = e.target.closest && e.target.closest('a[href^="#rule-"]');
    if (a && a.getAttribute("href") === location.hash) reach();
  });
  let closed = [];
  addEventListener("beforeprint", () => { closed = rules.filter((r) => !r.open); for (const r of closed) r.open = true; });
  addEventListener("afterprint", () => { for (const r of closed) r.open = false; });
  reach();
  label();
})();
